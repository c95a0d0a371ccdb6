import { TemplateSyntaxError } from '../errors.js';

/** What Python's text literals mean by a backslash and one of these. */
export const ESCAPED_LETTERS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\n': '',
};
const ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]))/g;

/** Python's escapes in a text literal: an unknown one stays with its backslash. Throws TemplateSyntaxError for a code cut short. */
export function unescapeText(text: string, offset: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (all, octal?: string, x?: string, u?: string, long?: string, letter?: string) => {
    if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
    const code = x ?? u ?? long;
    if (code !== undefined) {
      const point = parseInt(code, 16);
      if (point > 0x10ffff) throw new TemplateSyntaxError('the text has an escape beyond Unicode', offset);
      return String.fromCodePoint(point);
    }
    if (letter !== undefined && 'xuU'.includes(letter)) throw new TemplateSyntaxError('the text has an escape cut short', offset);
    return ESCAPED_LETTERS[letter ?? ''] ?? all;
  });
}
