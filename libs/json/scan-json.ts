import { Decimal, exactNumber } from './decimal.js';

const QUOTE = 34;
const BACKSLASH = 92;
/** As deep as JSON.parse goes without trouble, far deeper than any API's answer. */
const MAX_DEPTH = 5_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * A full JSON reader that keeps numbers exact; three times slower than JSON.parse. With `keepsFloats` a whole number that is written with a
 * point or an exponent is a Decimal. Throws SyntaxError with an offset only.
 */
export function scanJson(text: string, { keepsFloats = false }: { keepsFloats?: boolean } = {}): unknown {
  let at = 0;

  const fail = (): never => {
    throw new SyntaxError(`not JSON at offset ${at}`);
  };
  const space = (): void => {
    if (text.charCodeAt(at) > 32) return;
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  };
  const word = <T>(letters: string, meaning: T): T => {
    if (!text.startsWith(letters, at)) fail();
    at += letters.length;
    return meaning;
  };

  const string = (): string => {
    const start = at;
    let escaped = false;
    for (at++; ; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        at++;
      } else if (!(code >= 32)) fail();
    }
    at++;
    if (!escaped) return text.slice(start + 1, at - 1);
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      return fail();
    }
  };

  const number = (): unknown => {
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text) ?? fail();
    at = NUMBER.lastIndex;
    const [digits] = match;
    const value = digits.length < 16 && !/[eE]/.test(digits) ? Number(digits) : exactNumber(digits);
    return keepsFloats && Number.isInteger(value) && /[.eE]/.test(digits) ? new Decimal(digits) : value;
  };

  const list = (depth: number): unknown[] => {
    const values: unknown[] = [];
    at++;
    space();
    if (text[at] === ']') return (at++, values);
    for (;;) {
      values.push(value(depth + 1));
      space();
      const end = text[at];
      if (end !== ',' && end !== ']') fail();
      at++;
      if (end === ']') return values;
    }
  };

  const object = (depth: number): Record<string, unknown> => {
    const fields: Record<string, unknown> = {};
    at++;
    space();
    if (text[at] === '}') return (at++, fields);
    for (;;) {
      space();
      if (text.charCodeAt(at) !== QUOTE) fail();
      const name = string();
      space();
      if (text[at] !== ':') fail();
      at++;
      const field = value(depth + 1);
      // An assignment would call the setter of the prototype.
      if (name === '__proto__')
        Object.defineProperty(fields, name, { value: field, enumerable: true, configurable: true, writable: true });
      else fields[name] = field;
      space();
      const end = text[at];
      if (end !== ',' && end !== '}') fail();
      at++;
      if (end === '}') return fields;
    }
  };

  const value = (depth: number): unknown => {
    if (depth > MAX_DEPTH) fail();
    space();
    switch (text[at]) {
      case '{':
        return object(depth);
      case '[':
        return list(depth);
      case '"':
        return string();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default:
        return number();
    }
  };

  const result = value(0);
  space();
  return at === text.length ? result : fail();
}
