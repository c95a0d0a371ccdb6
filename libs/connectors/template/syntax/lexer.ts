import { TemplateSyntaxError } from '../errors.js';
import { float, integer } from '../types.js';
import { unescapeText } from './escapes.js';

export interface Token {
  kind: 'name' | 'number' | 'string' | 'operator' | 'end';
  text: string;
  /** Of a number or string. */
  value?: unknown;
  offset: number;
}

/** A stretch of the template: text as it is, or the inside of `{{ }}` (`print`) or `{% %}` (`statement`). */
export type Segment = { kind: 'text'; text: string } | { kind: 'print' | 'statement'; tokens: Token[]; offset: number };
type Code = Exclude<Segment, { kind: 'text' }>;

const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+*/%~|<>=()[\]{},:.;]/y;
const NAME = /[\p{L}_\p{Nl}][\p{L}\p{N}\p{M}_]*/uy;
const FLOAT = /(?<!\.)\d(?:_?\d)*(?:(?:\.\d(?:_?\d)*)?e[+-]?\d(?:_?\d)*|\.\d(?:_?\d)*)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const STRING = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;
const BLANKS = /\s+/y;
const OPENER = /\{(?:%[-+]?\s*raw\s*(?:-%\}\s*|%\})|[{%#][-+]?)/g;
const RAW_END = /\{%[-+]?\s*endraw\s*(?:\+%\}|-%\}\s*|%\})/g;
const COMMENT_END = /-#\}\s*|\+?#\}/g;
const CLOSERS = { print: /-\}\}\s*|\}\}/y, statement: /-%\}\s*|\+?%\}/y } as const;
const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

/** Cuts a template at its delimiters, with jinja's blank control (`{%-`, `-}}`), raw stretches and comments. */
export function segments(template: string): Segment[] {
  // Line breaks count as one kind; the one at the very end is dropped.
  const source =
    template.includes('\r') || template.endsWith('\n') ? template.replace(/\r\n?/g, '\n').replace(/\n$/, '') : template;
  const found: Segment[] = [];
  let at = 0;
  const text = (from: number, to: number, opener: string): void => {
    const piece = source.slice(from, to);
    const kept = /^\{[{%#]-/.test(opener) ? piece.trimEnd() : piece;
    if (kept !== '') found.push({ kind: 'text', text: kept });
  };
  for (;;) {
    OPENER.lastIndex = at;
    const match = OPENER.exec(source);
    if (match === null) break;
    const [opener] = match;
    text(at, match.index, opener);
    const begin = match.index + opener.length;
    if (/raw/.test(opener)) {
      const { start, end, closer } = closing(RAW_END, source, begin, match.index, '{% raw %}');
      text(begin, start, closer);
      at = end;
    } else if (opener[1] === '#') at = closing(COMMENT_END, source, begin, match.index, '{#').end;
    else {
      const { segment, end } = code(source, begin, match.index, opener[1] === '{' ? 'print' : 'statement');
      found.push(segment);
      at = end;
    }
  }
  text(at, source.length, '');
  return found;
}

function closing(pattern: RegExp, source: string, from: number, opened: number, what: string) {
  pattern.lastIndex = from;
  const match = pattern.exec(source);
  if (match === null) throw new TemplateSyntaxError(`${what} is not closed`, opened);
  return { start: match.index, end: match.index + match[0].length, closer: match[0] };
}

function code(source: string, begin: number, opened: number, kind: 'print' | 'statement'): { segment: Code; end: number } {
  const tokens: Token[] = [];
  const open: string[] = [];
  let at = begin;
  while (at < source.length) {
    const closer = open.length === 0 ? matchAt(CLOSERS[kind], source, at) : undefined;
    if (closer !== undefined) {
      tokens.push({ kind: 'end', text: kind === 'print' ? '}}' : '%}', offset: at });
      return { segment: { kind, tokens, offset: opened }, end: at + closer.length };
    }
    const blanks = matchAt(BLANKS, source, at);
    if (blanks !== undefined) {
      at += blanks.length;
      continue;
    }
    const { length, ...token } = read(source, at);
    if (token.kind === 'operator') balance(token.text, open, at);
    tokens.push({ ...token, offset: at });
    at += length;
  }
  throw new TemplateSyntaxError(`${kind === 'print' ? '{{' : '{%'} is not closed`, opened);
}

function balance(operator: string, open: string[], at: number): void {
  const closer = PAIRS[operator];
  if (closer !== undefined) open.push(closer);
  else if (operator === ')' || operator === ']' || operator === '}') {
    const expected = open.pop();
    if (expected !== operator)
      throw new TemplateSyntaxError(`unexpected "${operator}"${expected === undefined ? '' : `, expected "${expected}"`}`, at);
  }
}

function read(source: string, at: number): Omit<Token, 'offset'> & { length: number } {
  const decimal = matchAt(FLOAT, source, at);
  if (decimal !== undefined)
    return { kind: 'number', text: 'float', value: float(Number(decimal.replaceAll('_', ''))), length: decimal.length };
  const whole = matchAt(INTEGER, source, at);
  if (whole !== undefined) {
    const value = integer(BigInt(whole.replaceAll('_', '').toLowerCase()));
    return { kind: 'number', text: 'integer', value, length: whole.length };
  }
  const name = matchAt(NAME, source, at);
  if (name !== undefined) return { kind: 'name', text: name, length: name.length };
  const quoted = matchAt(STRING, source, at);
  if (quoted !== undefined)
    return { kind: 'string', text: '', value: unescapeText(quoted.slice(1, -1), at), length: quoted.length };
  const operator = matchAt(OPERATOR, source, at);
  if (operator !== undefined) return { kind: 'operator', text: operator, length: operator.length };
  if (/['"]/.test(source[at] ?? '')) throw new TemplateSyntaxError('the text is not closed', at);
  throw new TemplateSyntaxError(`unexpected character ${JSON.stringify(source[at])}`, at);
}
