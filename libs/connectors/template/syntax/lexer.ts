import { TemplateSyntaxError } from './errors.js';

export interface Token {
  kind: 'name' | 'number' | 'string' | 'operator' | 'end';
  text: string;
  /** Of a number or string. */
  value?: unknown;
  offset: number;
}

/** A stretch of the template: text as it is, or the inside of `{{ }}` (`print`) or `{% %}` (`statement`). */
export type Segment = { kind: 'text'; text: string } | { kind: 'print' | 'statement'; tokens: Token[]; offset: number };

const OPERATORS = [
  '**',
  '//',
  '==',
  '!=',
  '<=',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '~',
  '|',
  '<',
  '>',
  '=',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '.',
];
const CLOSERS: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' };

/** Cuts a template at its delimiters, with jinja's blank control (`{%-`, `-}}`). */
export function segments(template: string): Segment[] {
  const found: Segment[] = [];
  let at = 0;
  let trimNext = false;
  const text = (piece: string): void => {
    const trimmed = trimNext ? piece.replace(/^\s+/, '') : piece;
    if (trimmed !== '') found.push({ kind: 'text', text: trimmed });
  };
  for (;;) {
    const open = template.slice(at).search(/\{[{%#]/);
    if (open < 0) break;
    const start = at + open;
    const opener = template.slice(start, start + 2);
    const trims = template[start + 2] === '-';
    text(trims ? template.slice(at, start).replace(/\s+$/, '') : template.slice(at, start));
    const begin = start + 2 + (trims || template[start + 2] === '+' ? 1 : 0);
    const closer = CLOSERS[opener] ?? '';
    const { tokens, end } =
      opener === '{#' ? { tokens: [], end: template.indexOf('#}', begin) } : tokenize(template, begin, closer);
    if (end < 0) throw new TemplateSyntaxError(`${opener} is not closed`, start);
    trimNext = template[end - 1] === '-' && (opener === '{#' || tokens.at(-1)?.text === '-');
    if (trimNext) tokens.pop();
    if (opener !== '{#') {
      tokens.push({ kind: 'end', text: closer, offset: end });
      found.push({ kind: opener === '{{' ? 'print' : 'statement', tokens, offset: start });
    }
    at = end + 2;
  }
  // jinja drops one line break at the very end.
  text(template.slice(at).replace(/\r?\n$/, ''));
  return found;
}

function tokenize(template: string, from: number, closer: string): { tokens: Token[]; end: number } {
  const tokens: Token[] = [];
  let at = from;
  let braces = 0;
  while (at < template.length) {
    const letter = template[at] ?? '';
    if (/\s/.test(letter)) {
      at++;
      continue;
    }
    if (braces === 0 && template.startsWith(closer, at)) return { tokens, end: at };
    const token = read(template, at);
    if (token.text === '{') braces++;
    if (token.text === '}') braces--;
    tokens.push({ ...token, offset: at });
    at += token.length;
  }
  return { tokens, end: -1 };
}

function read(template: string, at: number): Omit<Token, 'offset'> & { length: number } {
  const rest = template.slice(at, at + 400);
  const name = /^[A-Za-z_]\w*/.exec(rest)?.[0];
  if (name !== undefined) return { kind: 'name', text: name, length: name.length };
  const number = /^\d(?:_?\d)*(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d+)?/.exec(rest)?.[0];
  if (number !== undefined) return { kind: 'number', text: number, value: number.replaceAll('_', ''), length: number.length };
  if (/^['"]/.test(rest)) return string(template, at);
  const operator = OPERATORS.find((known) => rest.startsWith(known));
  if (operator === undefined) throw new TemplateSyntaxError(`unexpected character ${JSON.stringify(template[at])}`, at);
  return { kind: 'operator', text: operator, length: operator.length };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function string(template: string, at: number): Omit<Token, 'offset'> & { length: number } {
  const quote = template[at];
  let value = '';
  let end = at + 1;
  for (; template[end] !== quote; end++) {
    const letter = template[end];
    if (letter === undefined) throw new TemplateSyntaxError('the text is not closed', at);
    if (letter !== '\\') {
      value += letter;
      continue;
    }
    const next = template[++end] ?? '';
    const code = next === 'u' ? template.slice(end + 1, end + 5) : next === 'x' ? template.slice(end + 1, end + 3) : '';
    if (code !== '' && /^[\da-fA-F]+$/.test(code)) {
      value += String.fromCharCode(parseInt(code, 16));
      end += code.length;
    } else value += ESCAPES[next] ?? (next === '\\' || next === "'" || next === '"' ? next : `\\${next}`);
  }
  return { kind: 'string', text: '', value, length: end + 1 - at };
}
