import { PyBytes, PyDict, PySet, PyTuple, anyDict, dict, entriesOf, float, integer } from './values.js';
import { TemplateError } from './errors.js';
import { ESCAPED_LETTERS } from './syntax/escapes.js';

/** Not a literal: the text stays text. */
export const NOT_A_LITERAL = Symbol('not a literal');

/** Thrown to leave the reader; one for all, since a stack for each would cost more than the reading. */
const NO_LITERAL = new Error('no literal');

/** Python's ast.literal_eval: numbers, strings, True, False, None, and tuples, lists and dicts of them. Anything else is NOT_A_LITERAL. */
export function literalEval(text: string): unknown {
  const simple = WORDS.get(text);
  if (simple !== undefined) return simple;
  const start = text.charCodeAt(0);
  // Most rendered texts are no literals: their first letter tells, or that a number is followed by something else (a date, an id).
  if (Number.isNaN(start) || (start > 0x60 && start !== 0x75 && start !== 0x72 && start !== 0x62 && start !== 0x7b))
    return NOT_A_LITERAL;
  if (start >= 0x30 && start <= 0x39) {
    if (text.length < 16 && start > 0x30 && /^\d+$/.test(text)) return Number(text);
    if (/^[\w.:/@-]*$/.test(text) && !WHOLE_NUMBER.test(text)) return NOT_A_LITERAL;
  }
  if (!LITERAL_START.test(text)) return NOT_A_LITERAL;
  try {
    return new LiteralReader(text.replace(/^[ \t]+/, '')).read();
  } catch (error) {
    if (error === NO_LITERAL || (error instanceof TemplateError && error.kind === 'type')) return NOT_A_LITERAL;
    throw error;
  }
}

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const WHOLE_NUMBER = /^(?:0[xXoObB][\da-fA-F_]+|[\d_]*\.?[\d_]*(?:[eE][+-]?[\d_]+)?)$/;
const LITERAL_START = /^[ \t]*(?:[-+]*\s*[\d.]|['"([{]|True\b|False\b|None\b|[uUbBrR]['"])/;
const NUMBER =
  /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.?(?:\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?)/;

class LiteralReader {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  read(): unknown {
    const value = this.tuple();
    this.space(false);
    if (this.at < this.text.length) throw NO_LITERAL;
    return value;
  }

  /** A value, or several with commas between them: `1, 2` is a tuple. */
  private tuple(): unknown {
    const first = this.value(false);
    this.space(false);
    if (this.text[this.at] !== ',') return first;
    const items = [first];
    while (this.text[this.at] === ',') {
      this.at++;
      this.space(false);
      if (this.at >= this.text.length) break;
      items.push(this.value(false));
      this.space(false);
    }
    return new PyTuple(items);
  }

  private value(inside: boolean): unknown {
    this.space(inside);
    const letter = this.text[this.at] ?? '';
    if (letter === '[') return this.items(']');
    if (letter === '(') {
      const open = this.at;
      const items = this.items(')');
      const trailing = /,\s*\)$/.test(this.text.slice(open, this.at));
      return items.length === 1 && !trailing ? items[0] : new PyTuple(items);
    }
    if (letter === '{') return this.object();
    if (/^(?:[bB][rR]?|[rR][bB])['"]/.test(this.text.slice(this.at, this.at + 3))) return this.bytes(inside);
    if (/['"]/.test(letter) || /^[uUrR]['"]/.test(this.text.slice(this.at, this.at + 2))) return this.strings(inside);
    for (const [word, meaning] of [
      ['True', true],
      ['False', false],
      ['None', null],
    ] as const) {
      if (!this.text.startsWith(word, this.at) || /\w/.test(this.text[this.at + word.length] ?? '')) continue;
      this.at += word.length;
      return meaning;
    }
    return this.number();
  }

  private number(): unknown {
    let sign = 1;
    for (; /[-+\s]/.test(this.text[this.at] ?? '') && this.at < this.text.length; this.at++)
      if (this.text[this.at] === '-') sign = -sign;
    const digits = NUMBER.exec(this.text.slice(this.at))?.[0] ?? '';
    const after = this.text[this.at + digits.length] ?? '';
    if (!/\d/.test(digits) || /[\w.]/.test(after)) throw NO_LITERAL;
    const plain = digits.replaceAll('_', '');
    this.at += digits.length;
    if (/^0[xXoObB]/.test(plain)) return integer(BigInt(sign) * BigInt(plain.toLowerCase()));
    if (!/[.eE]/.test(plain)) {
      // Python refuses leading zeros except in zero itself.
      if (/^0\d*[1-9]/.test(plain)) throw NO_LITERAL;
      return integer(BigInt(sign) * BigInt(plain));
    }
    return float(sign * Number(plain));
  }

  private strings(inside: boolean): string {
    let all = '';
    for (;;) {
      all += this.string();
      this.space(inside);
      if (!/^(?:[uUrR]?['"])/.test(this.text.slice(this.at, this.at + 2))) return all;
    }
  }

  private string(raw = /[rR]/.test(this.text[this.at] ?? ''), bytes = false): string {
    if (/[uUrR]/.test(this.text[this.at] ?? '')) this.at++;
    const quote = this.text[this.at] ?? '';
    const mark = this.text.startsWith(quote.repeat(3), this.at) ? quote.repeat(3) : quote;
    this.at += mark.length;
    let out = '';
    while (!this.text.startsWith(mark, this.at)) {
      const letter = this.text[this.at];
      if (letter === undefined || (letter === '\n' && mark.length === 1)) throw NO_LITERAL;
      this.at++;
      if (letter === '\\' && raw) out += letter + (this.text[this.at++] ?? '');
      else out += letter === '\\' ? this.escape(bytes) : letter;
    }
    this.at += mark.length;
    return out;
  }

  private escape(bytes: boolean): string {
    const letter = this.text[this.at++];
    if (letter === undefined) throw NO_LITERAL;
    if (letter === '\n') return '';
    const octal = /^[0-7]{1,3}/.exec(this.text.slice(this.at - 1, this.at + 2))?.[0];
    if (octal !== undefined) {
      this.at += octal.length - 1;
      return String.fromCodePoint(parseInt(octal, 8) & (bytes ? 0xff : 0x1ff));
    }
    const width = { x: 2, ...(!bytes && { u: 4, U: 8 }) }[letter];
    if (width === undefined) return ESCAPED_LETTERS[letter] ?? `\\${letter}`;
    const code = this.text.slice(this.at, this.at + width);
    if (!/^[\da-fA-F]+$/.test(code) || code.length < width || parseInt(code, 16) > 0x10ffff) throw NO_LITERAL;
    this.at += width;
    return String.fromCodePoint(parseInt(code, 16));
  }

  private items(end: string): unknown[] {
    this.enter();
    const items: unknown[] = [];
    this.space(true);
    while (this.text[this.at] !== end) {
      items.push(this.value(true));
      this.separator(end);
    }
    this.leave();
    return items;
  }

  /** A dict, or a set where no colon follows the first. */
  private object(): unknown {
    this.enter();
    const entries: [unknown, unknown][] = [];
    const members: unknown[] = [];
    this.space(true);
    while (this.text[this.at] !== '}') {
      const key = this.value(true);
      this.space(true);
      const isPair = this.text[this.at] === ':';
      if (isPair ? members.length > 0 : entries.length > 0) throw NO_LITERAL;
      if (isPair) {
        this.at++;
        entries.push([key, this.value(true)]);
      } else members.push(key);
      this.separator('}');
    }
    this.leave();
    // An object where that can hold the keys: it is what records and requests are made of.
    if (members.length === 0 && entries.every(([key]) => typeof key === 'string')) return dict(entries as [string, unknown][]);
    return members.length > 0
      ? new PySet(entriesOf(new PyDict(members.map((key) => [key, key]))).map(([key]) => key))
      : anyDict(entries);
  }

  private bytes(inside: boolean): PyBytes {
    let all = Buffer.alloc(0);
    do {
      const raw = /[rR]/.test(this.text.slice(this.at, this.at + 2));
      while (/[bBrR]/.test(this.text[this.at] ?? '')) this.at++;
      const text = this.string(raw, true);
      if ([...text].some((letter) => (letter.codePointAt(0) ?? 0) > 0xff)) throw NO_LITERAL;
      all = Buffer.concat([all, Buffer.from(text, 'latin1')]);
      this.space(inside);
    } while (/^(?:[bB][rR]?|[rR][bB])['"]/.test(this.text.slice(this.at, this.at + 3)));
    return new PyBytes(all);
  }

  private separator(end: string): void {
    this.space(true);
    if (this.text[this.at] === ',') {
      this.at++;
      this.space(true);
    } else if (this.text[this.at] !== end) throw NO_LITERAL;
  }

  private enter(): void {
    this.at++;
    if (++this.depth > 100) throw NO_LITERAL;
  }

  private leave(): void {
    this.at++;
    this.depth--;
  }

  /** Line breaks count as blanks only inside brackets; at the end of the whole they do too. */
  private space(inside: boolean): void {
    const blank = inside ? /[ \t\r\n\f]/ : /[ \t\f]/;
    while (this.at < this.text.length && blank.test(this.text[this.at] ?? '')) this.at++;
    if (!inside && /^[\s]*$/.test(this.text.slice(this.at))) this.at = this.text.length;
  }
}
