import type { FieldError, SluiceError } from '../../../libs/errors/index.js';

/** Longer lists of what is allowed are cut: nobody reads a hundred component types. */
const ALLOWED_SHOWN = 20;

/** One line a place: where, what is wrong, what was found, what is allowed. */
export function placeWords({ path, message, found, allowed }: FieldError): string {
  const more = [
    ...(found === undefined ? [] : [`found: ${found}`]),
    ...(allowed === undefined || allowed.length === 0 ? [] : [`allowed: ${shorten(allowed)}`]),
  ];
  return `${path === '' ? '/' : path}: ${message}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
}

const shorten = (allowed: readonly string[]): string =>
  allowed.length <= ALLOWED_SHOWN
    ? allowed.join(', ')
    : `${allowed.slice(0, ALLOWED_SHOWN).join(', ')} and ${allowed.length - ALLOWED_SHOWN} more`;

/** An error with all its places, and what was seen of an answer. */
export function failureWords(error: SluiceError): string {
  // On the terminal of who runs it the start of an answer may be seen.
  const seen = error.evidence === undefined ? '' : `\n${error.evidence}`;
  if (error.errors.length === 0) return `${error.code}: ${error.message}${seen}`;
  return [`${error.code}:`, ...error.errors.map((place) => `  ${placeWords(place)}`)].join('\n');
}
