import { SluiceError } from '../../errors/index.js';

/** Shorter values would black out ordinary words. */
const SHORTEST_SECRET = 4;

/** Errors are built without secrets; this makes sure, for a connector whose own words hold one. */
export function redactError(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof SluiceError)) return error;
  const hide = hider(secrets);
  const text = JSON.stringify([error.detail, error.errors, error.details, error.evidence]);
  if (hide(text) === text) return error;
  return new SluiceError(error.code, {
    ...(error.detail === undefined ? {} : { detail: hide(error.detail) }),
    errors: error.errors.map((field) => ({
      ...field,
      message: hide(field.message),
      ...(field.found === undefined ? {} : { found: hide(field.found) }),
    })),
    details: Object.fromEntries(
      Object.entries(error.details).map(([key, value]) => [key, typeof value === 'string' ? hide(value) : value]),
    ),
    ...(error.retryAt === undefined ? {} : { retryAt: error.retryAt }),
    evidence: error.evidence === undefined ? undefined : hide(error.evidence),
  });
}

/** Hides these in a text, as they are and as they are written in addresses and JSON. */
export function hider(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter(({ length }) => length >= SHORTEST_SECRET);
  return (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, '[secret]'), text);
}
