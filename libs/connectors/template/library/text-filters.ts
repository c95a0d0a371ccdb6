import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { percentFormat } from './percent-format.js';
import { PyTuple, characters, dict, entriesOf, isMapping, lengthOf, str, truthy, typeName } from '../values.js';
import { count, filter, text, type Filter } from './arguments.js';
import { replaceText, splitLines, strip } from './text-methods.js';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };
const escapeHtml = (value: unknown): string => {
  const plain = str(value);
  spend(plain.length);
  return plain.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
};

const title = (value: string): string =>
  value
    .split(/([-\s({[<]+)/)
    .map((part) => {
      const [first = '', ...rest] = characters(part);
      return first.toUpperCase() + rest.join('').toLowerCase();
    })
    .join('');

function truncate(value: unknown, [length, killWords, end, leeway]: unknown[]): unknown {
  const size = lengthOf(value);
  if (size === undefined) throw new TemplateError(`object of type '${typeName(value)}' has no len()`, 'type');
  const [most, mark, slack] = [count(length, 255), end === undefined ? '...' : text(end), count(leeway ?? undefined, 5)];
  if (most < characters(mark).length || slack < 0) throw new TemplateError('the length is too small', 'value', 'AssertionError');
  if (size <= most + slack) return value;
  const kept = characters(text(value))
    .slice(0, most - characters(mark).length)
    .join('');
  const at = kept.lastIndexOf(' ');
  return (truthy(killWords) || at < 0 ? kept : kept.slice(0, at)) + mark;
}

function indent(value: unknown, [width, first, blank]: unknown[]): string {
  const by = typeof width === 'string' ? width : ' '.repeat(checked(count(width, 4)));
  if (Array.isArray(value)) throw unsplittable(value);
  const lines = splitLines(`${textOf(value)}\n`);
  spend(lines.length * by.length);
  const shown = lines.map((line, i) => (i > 0 && (truthy(blank) || line !== '') ? by + line : line)).join('\n');
  return truthy(first) ? by + shown : shown;
}

const unsplittable = (value: unknown): TemplateError =>
  value === undefined
    ? new TemplateError('lines of a missing value', 'undefined')
    : new TemplateError(`'${typeName(value)}' object has no attribute 'splitlines'`, 'value', 'AttributeError');

function textOf(value: unknown): string {
  if (value === undefined) throw unsplittable(value);
  return text(value);
}

const checked = (size: number): number => {
  spend(Math.max(0, size));
  return Math.max(0, size);
};

/** Greedy lines of at most `width` letters, each paragraph by itself. */
function wordWrap(value: unknown, [width, breakLong = true, by]: unknown[]): string {
  const most = count(width, 79);
  if (most <= 0) throw new TemplateError(`invalid width ${most} (must be > 0)`);
  const mark = by === undefined || by === null ? '\n' : text(by);
  if (typeof value !== 'string') throw unsplittable(value);
  return splitLines(value)
    .map((line) => wrapLine(line, most, truthy(breakLong)).join(mark))
    .join(mark);
}

function wrapLine(line: string, most: number, breakLong: boolean): string[] {
  const lines: string[] = [];
  let current = '';
  const flush = (): void => {
    const done = current.trimEnd();
    if (done !== '') lines.push(done);
    current = '';
  };
  for (const chunk of line.split(/(\s+)/).filter((part) => part !== '')) {
    let rest = chunk;
    if (current.length + rest.length > most && (current !== '' || /^\s/.test(rest))) {
      if (breakLong && rest.length > most && !/^\s/.test(rest)) {
        const room = most - current.length;
        current += rest.slice(0, room);
        rest = rest.slice(room);
      }
      flush();
      if (/^\s/.test(rest) && lines.length > 0) continue;
    }
    while (breakLong && rest.length > most) {
      lines.push(rest.slice(0, most));
      rest = rest.slice(most);
    }
    current += rest;
  }
  flush();
  return lines;
}

function stripTags(value: unknown): string {
  const plain = str(value);
  spend(plain.length);
  let out = '';
  let at = 0;
  // One pass, so that a text of many "<" does no harm.
  for (;;) {
    const open = plain.indexOf('<', at);
    const comment = open >= 0 && plain.startsWith('<!--', open);
    const close = open < 0 ? -1 : plain.indexOf(comment ? '-->' : '>', open);
    if (close < 0) break;
    out += plain.slice(at, open);
    at = close + (comment ? 3 : 1);
  }
  return unescapeHtml(
    (out + plain.slice(at))
      .split(/\s+/)
      .filter((part) => part !== '')
      .join(' '),
  );
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\xa0' };
const unescapeHtml = (value: string): string =>
  value.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
    if (name !== undefined) return NAMED[name] ?? all;
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });

function xmlAttributes(value: unknown, [spaced = true]: unknown[]): string {
  if (value === undefined) throw new TemplateError('xmlattr of a missing value', 'undefined');
  if (!isMapping(value))
    throw new TemplateError(`'${typeName(value)}' object has no attribute 'items'`, 'value', 'AttributeError');
  const parts = entriesOf(value)
    .filter(([, item]) => item !== null && item !== undefined)
    .map(([key, item]) => {
      if (/[\s/>=]/.test(text(key))) throw new TemplateError('Invalid character in attribute name');
      return `${escapeHtml(key)}="${escapeHtml(item)}"`;
    });
  return (truthy(spaced) && parts.length > 0 ? ' ' : '') + parts.join(' ');
}

export const TEXT_FILTERS: Readonly<Record<string, Filter>> = {
  lower: filter('', (value) => str(value).toLowerCase()),
  upper: filter('', (value) => str(value).toUpperCase()),
  capitalize: filter('', (value) => {
    const [first = '', ...rest] = characters(str(value));
    return first.toUpperCase() + rest.join('').toLowerCase();
  }),
  title: filter('', (value) => title(str(value))),
  trim: filter('chars', (value, [letters]) => strip(str(value), letters, 'both')),
  replace: filter('old!, new!, count', (value, [from, to, limit]) =>
    replaceText(str(value), str(from), str(to), limit === null ? -1 : count(limit, -1)),
  ),
  center: filter('width', (value, [width]) => {
    const room = checked(count(width, 80) - characters(str(value)).length);
    const before = Math.floor(room / 2) + (room & count(width, 80) & 1);
    return ' '.repeat(before) + str(value) + ' '.repeat(room - before);
  }),
  truncate: filter('length, killwords, end, leeway', truncate),
  indent: filter('width, first, blank', indent),
  wordwrap: filter('width, break_long_words, wrapstring, break_on_hyphens', wordWrap),
  wordcount: filter('', (value) => (str(value).match(/[\p{L}\p{N}_]+/gu) ?? []).length),
  striptags: filter('', stripTags),
  escape: filter('', escapeHtml),
  forceescape: filter('', escapeHtml),
  safe: filter('', (value) => str(value)),
  xmlattr: filter('autospace', xmlAttributes),
  format: (value, args, named) => {
    const names = Object.entries(named);
    if (args.length > 0 && names.length > 0)
      throw new TemplateError('positional and keyword arguments at the same time', 'value', 'FilterArgumentError');
    return percentFormat(str(value), names.length > 0 ? dict(names) : new PyTuple(args));
  },
};
