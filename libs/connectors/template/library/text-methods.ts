import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { made } from '../owned.js';
import { PyBytes, PyTuple, characters, isMapping, iterate, lookUp, typeName } from '../values.js';
import { count, method, text, type Method } from './arguments.js';

/** What Python takes for blanks. */
const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING = new RegExp(`^${BLANK}+`);
const TRAILING = new RegExp(`${BLANK}+$`);
const BLANKS = new RegExp(`${BLANK}+`);

/** Without the letters given (default: blanks) at its ends. */
export function strip(self: string, letters: unknown, ends: 'both' | 'left' | 'right'): string {
  spend(self.length / 8);
  if (letters === undefined || letters === null) {
    const from = ends === 'right' ? self : self.replace(LEADING, '');
    if (ends === 'left') return from;
    // The pattern alone would look at every run of blanks inside, too.
    let end = from.length;
    while (end > 0 && TRAILING.test(from[end - 1] ?? '')) end--;
    return from.slice(0, end);
  }
  const set = new Set(characters(text(letters)));
  const all = characters(self);
  let [from, to] = [0, all.length];
  if (ends !== 'right') while (from < to && set.has(all[from] ?? '')) from++;
  if (ends !== 'left') while (to > from && set.has(all[to - 1] ?? '')) to--;
  return all.slice(from, to).join('');
}

const affixes = (value: unknown): string[] => (value instanceof PyTuple ? value.items.map(text) : [text(value)]);
const part = (self: string, from: unknown, to: unknown): string =>
  from === undefined && to === undefined
    ? self
    : characters(self)
        .slice(from === undefined || from === null ? 0 : count(from), to === undefined || to === null ? undefined : count(to))
        .join('');

/** Where a text is found, counted in characters; -1 when it is not. */
function find(self: string, [needle, from, to]: unknown[], last: boolean): number {
  const whole = part(self, undefined, undefined);
  const start = from === undefined || from === null ? 0 : count(from);
  const begin = start < 0 ? Math.max(0, characters(whole).length + start) : start;
  const searched = part(self, begin, to);
  if (begin > characters(whole).length) return -1;
  const at = last ? searched.lastIndexOf(text(needle)) : searched.indexOf(text(needle));
  return at < 0 ? -1 : begin + characters(searched.slice(0, at)).length;
}

const found = (at: number): number => {
  if (at < 0) throw new TemplateError('substring not found');
  return at;
};

export function replaceText(self: string, from: string, to: string, limit: number): string {
  const parts = from === '' ? ['', ...characters(self), ''] : self.split(from);
  const times = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  spend(self.length + times * to.length);
  if (times === parts.length - 1) return parts.join(to);
  return parts.slice(0, times + 1).join(to) + from + parts.slice(times + 1).join(from);
}

function split(self: string, separator: unknown, limit: number): string[] {
  spend(self.length);
  if (separator === undefined || separator === null) return splitBlanks(self, limit);
  if (text(separator) === '') throw new TemplateError('empty separator');
  const parts = self.split(text(separator));
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(text(separator))];
}

function splitBlanks(self: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = strip(self, null, 'left');
  while (rest !== '' && (limit < 0 || parts.length < limit)) {
    if (limit < 0) return [...strip(rest, null, 'right').split(BLANKS)];
    const match = BLANKS.exec(rest);
    if (match === null) return [...parts, rest];
    parts.push(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
  }
  return rest === '' ? parts : [...parts, strip(rest, null, 'right') === rest ? rest : rest.replace(/$/, '')];
}

function rsplit(self: string, separator: unknown, limit: number): string[] {
  if (limit < 0) return split(self, separator, -1);
  const reverse = (whole: string): string => [...characters(whole)].reverse().join('');
  const by = separator === undefined || separator === null ? separator : reverse(text(separator));
  return split(reverse(self), by, limit).map(reverse).reverse();
}

// eslint-disable-next-line no-control-regex -- Python breaks lines at these, too
const LINE = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
export function splitLines(self: string, keep = false): string[] {
  const lines: string[] = [];
  let at = 0;
  for (const match of self.matchAll(LINE)) {
    lines.push(self.slice(at, match.index + (keep ? match[0].length : 0)));
    at = match.index + match[0].length;
  }
  if (at < self.length) lines.push(self.slice(at));
  spend(self.length);
  return lines;
}

function padded(self: string, [width, fill = ' ']: unknown[], side: 'left' | 'right' | 'both'): string {
  const room = count(width) - characters(self).length;
  if (characters(text(fill)).length !== 1)
    throw new TemplateError('The fill character must be exactly one character long', 'type');
  if (room <= 0) return self;
  spend(room);
  const before = side === 'left' ? 0 : side === 'right' ? room : Math.floor(room / 2) + (room & count(width) & 1);
  return text(fill).repeat(before) + self + text(fill).repeat(room - before);
}

const capitalize = (self: string): string => {
  const [first = '', ...rest] = characters(self);
  return first.toUpperCase() + rest.join('').toLowerCase();
};
const title = (self: string): string =>
  self.replace(
    /(\p{L}\p{M}*)((?:\p{L}\p{M}*)*)/gu,
    (_all, first: string, rest: string) => first.toUpperCase() + rest.toLowerCase(),
  );
const cased = (self: string, unwanted: RegExp, wanted: RegExp): boolean => !unwanted.test(self) && wanted.test(self);
const all = (pattern: RegExp) => method<string>('', (self) => pattern.test(self));

function join(self: string, [items]: unknown[]): string {
  const parts = iterate(items).map((item, i) => {
    if (typeof item !== 'string')
      throw new TemplateError(`sequence item ${i}: expected str instance, ${typeName(item)} found`, 'type');
    spend(item.length + self.length);
    return item;
  });
  return parts.join(self);
}

function partition(self: string, [separator]: unknown[], last: boolean): PyTuple {
  const by = text(separator);
  if (by === '') throw new TemplateError('empty separator');
  const at = last ? self.lastIndexOf(by) : self.indexOf(by);
  if (at < 0) return new PyTuple(last ? ['', '', self] : [self, '', '']);
  return new PyTuple([self.slice(0, at), by, self.slice(at + by.length)]);
}

function translate(self: string, table: unknown): string {
  if (!isMapping(table)) throw new TemplateError('translate() needs a dict', 'type');
  return characters(self)
    .map((letter) => {
      const to = lookUp(table, letter.codePointAt(0), letter);
      return to === null ? '' : typeof to === 'number' ? String.fromCodePoint(to) : text(to);
    })
    .join('');
}

function encode(self: string, [encoding = 'utf-8']: unknown[]): PyBytes {
  const name = text(encoding).toLowerCase().replace(/[-_ ]/g, '');
  spend(self.length);
  if (name === 'utf8') return new PyBytes(Buffer.from(self));
  const limit = name === 'ascii' || name === 'usascii' ? 0x7f : name === 'latin1' || name === 'iso88591' ? 0xff : -1;
  if (limit < 0) throw new TemplateError(`unknown encoding`, 'value', 'LookupError');
  if ([...self].some((letter) => (letter.codePointAt(0) ?? 0) > limit))
    throw new TemplateError('a letter cannot be encoded', 'value', 'UnicodeEncodeError');
  return new PyBytes(Buffer.from(self, 'latin1'));
}

export const TEXT_METHODS: Readonly<Record<string, Method<string>>> = {
  upper: method('', (self) => self.toUpperCase()),
  lower: method('', (self) => self.toLowerCase()),
  casefold: method('', (self) => self.toLowerCase().replaceAll('ß', 'ss')),
  swapcase: method('', (self) =>
    self.replace(/\p{L}/gu, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase())),
  ),
  capitalize: method('', capitalize),
  title: method('', title),
  strip: method('letters', (self, [letters]) => strip(self, letters, 'both')),
  lstrip: method('letters', (self, [letters]) => strip(self, letters, 'left')),
  rstrip: method('letters', (self, [letters]) => strip(self, letters, 'right')),
  startswith: method('prefix!, from, to', (self, [prefix, from, to]) =>
    affixes(prefix).some((known) => part(self, from, to).startsWith(known)),
  ),
  endswith: method('suffix!, from, to', (self, [suffix, from, to]) =>
    affixes(suffix).some((known) => part(self, from, to).endsWith(known)),
  ),
  find: method('needle!, from, to', (self, args) => find(self, args, false)),
  rfind: method('needle!, from, to', (self, args) => find(self, args, true)),
  index: method('needle!, from, to', (self, args) => found(find(self, args, false))),
  rindex: method('needle!, from, to', (self, args) => found(find(self, args, true))),
  count: method('needle!, from, to', (self, [needle, from, to]) => {
    const searched = part(self, from, to);
    return text(needle) === '' ? characters(searched).length + 1 : searched.split(text(needle)).length - 1;
  }),
  replace: method('old!, new!, count', (self, [from, to, limit]) => replaceText(self, text(from), text(to), count(limit, -1))),
  join: method('items!', join),
  split: method('sep, maxsplit', (self, [by, limit]) => made(split(self, by, count(limit, -1)))),
  rsplit: method('sep, maxsplit', (self, [by, limit]) => made(rsplit(self, by, count(limit, -1)))),
  splitlines: method('keepends', (self, [keep]) => made(splitLines(self, Boolean(keep)))),
  partition: method('sep!', (self, args) => partition(self, args, false)),
  rpartition: method('sep!', (self, args) => partition(self, args, true)),
  ljust: method('width!, fill', (self, args) => padded(self, args, 'left')),
  rjust: method('width!, fill', (self, args) => padded(self, args, 'right')),
  center: method('width!, fill', (self, args) => padded(self, args, 'both')),
  zfill: method('width!', (self, [width]) => {
    const sign = /^[-+]/.exec(self)?.[0] ?? '';
    return sign + padded(self.slice(sign.length), [count(width) - sign.length, '0'], 'right');
  }),
  expandtabs: method('tabsize', (self, [size]) => {
    const width = count(size, 8);
    spend(self.split('\t').length * width);
    return self
      .split('\n')
      .map((line) => line.split('\t').reduce((text, next) => text + ' '.repeat(width - (text.length % width)) + next))
      .join('\n');
  }),
  removeprefix: method('prefix!', (self, [prefix]) => (self.startsWith(text(prefix)) ? self.slice(text(prefix).length) : self)),
  removesuffix: method('suffix!', (self, [suffix]) =>
    text(suffix) !== '' && self.endsWith(text(suffix)) ? self.slice(0, -text(suffix).length) : self,
  ),
  encode: method('encoding, errors', encode),
  translate: method('table!', (self, [table]) => translate(self, table)),
  isdigit: all(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u),
  isdecimal: all(/^\p{Nd}+$/u),
  isnumeric: all(/^\p{N}+$/u),
  isalpha: all(/^\p{L}+$/u),
  isalnum: all(/^[\p{L}\p{N}]+$/u),
  isspace: all(new RegExp(`^${BLANK}+$`)),
  isascii: all(/^\p{ASCII}*$/u),
  isidentifier: all(/^[\p{L}_\p{Nl}][\p{L}\p{N}\p{M}_]*$/u),
  isprintable: method('', (self) => !/[\p{C}\p{Z}]/u.test(self.replaceAll(' ', ''))),
  islower: method('', (self) => cased(self, /[\p{Lu}\p{Lt}]/u, /\p{Ll}/u)),
  isupper: method('', (self) => cased(self, /[\p{Ll}\p{Lt}]/u, /\p{Lu}/u)),
  istitle: method('', (self) => /[\p{Lu}\p{Ll}]/u.test(self) && title(self) === self),
};

export const BYTES_METHODS: Readonly<Record<string, Method<PyBytes>>> = {
  decode: method('encoding, errors', ({ bytes }, [encoding = 'utf-8']) => {
    const name = text(encoding).toLowerCase().replace(/[-_ ]/g, '');
    if (name === 'latin1' || name === 'iso88591') return Buffer.from(bytes).toString('latin1');
    if (name !== 'utf8' && name !== 'ascii') throw new TemplateError('unknown encoding', 'value', 'LookupError');
    return decodeUtf8(bytes);
  }),
  hex: method('', ({ bytes }) => Buffer.from(bytes).toString('hex')),
};

/** Throws Python's UnicodeDecodeError (a ValueError) for bytes that are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TemplateError('the bytes are no UTF-8', 'value', 'UnicodeDecodeError');
  }
}
