import { MICROS_PER_DAY, momentOf, offsetOf, type Moment } from './moment.js';
import { DAYS, MONTHS, short } from './names.js';

export class UnknownDirective extends Error {
  constructor(readonly directive: string) {
    super(`the directive ${directive} is not known`);
  }
}

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micro: number;
  pm: boolean | null;
  twelve: boolean;
  offset: number | null;
  dayOfYear: number | null;
}
interface Directive {
  source: string;
  read: (fields: Fields, text: string) => void;
}

const number = (field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', source: string): Directive => ({
  source,
  read: (fields, text) => (fields[field] = Number(text)),
});
const month = (names: readonly string[]): Directive => ({
  source: names.join('|'),
  read: (fields, text) => (fields.month = names.findIndex((name) => name.toLowerCase() === text.toLowerCase()) + 1),
});
/** Read and not used: the date says it already. */
const unused = (source: string): Directive => ({ source, read: () => undefined });

const DIRECTIVES: Readonly<Record<string, Directive | string>> = {
  Y: number('year', '\\d{4}'),
  m: number('month', '1[0-2]|0[1-9]|[1-9]'),
  d: number('day', '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]'),
  H: number('hour', '2[0-3]|[01]\\d|\\d'),
  M: number('minute', '[0-5]\\d|\\d'),
  S: number('second', '6[01]|[0-5]\\d|\\d'),
  y: {
    source: '\\d{2}',
    read: (fields, text) => (fields.year = Number(text) + (Number(text) < 69 ? 2_000 : 1_900)),
  },
  f: { source: '\\d{1,6}', read: (fields, text) => (fields.micro = Number(text.padEnd(6, '0'))) },
  I: {
    source: '1[0-2]|0[1-9]|[1-9]',
    read: (fields, text) => {
      fields.hour = Number(text) % 12;
      fields.twelve = true;
    },
  },
  p: { source: 'AM|PM', read: (fields, text) => (fields.pm = text.toUpperCase() === 'PM') },
  j: {
    source: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
    read: (fields, text) => (fields.dayOfYear = Number(text)),
  },
  z: {
    source: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|Z',
    read: (fields, text) => (fields.offset = text === 'z' ? NaN : offsetOf(text)),
  },
  Z: unused('UTC|GMT'),
  B: month(MONTHS),
  b: month(short(MONTHS)),
  A: unused(DAYS.join('|')),
  a: unused(short(DAYS).join('|')),
  u: unused('[1-7]'),
  w: unused('[0-6]'),
  U: unused('5[0-3]|[0-4]\\d|\\d'),
  W: unused('5[0-3]|[0-4]\\d|\\d'),
  '%': unused('%'),
  c: '%a %b %d %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

interface Reader {
  pattern: RegExp;
  reads: Directive['read'][];
}
const compiled = new Map<string, Reader>();
const MAX_CACHED = 1_000;

/** Reads a time by Python's directives; without one for the zone it has none. Null when the text does not match. Throws UnknownDirective. */
export function strptime(pattern: string, text: string): Moment | null {
  let reader = compiled.get(pattern);
  if (reader === undefined) {
    reader = compile(pattern);
    if (compiled.size < MAX_CACHED) compiled.set(pattern, reader);
  }
  const match = reader.pattern.exec(text);
  if (match === null) return null;
  const fields: Fields = {
    year: 1900,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    micro: 0,
    pm: null,
    twelve: false,
    offset: null,
    dayOfYear: null,
  };
  reader.reads.forEach((read, i) => read(fields, match[i + 1] ?? ''));
  if (Number.isNaN(fields.offset)) return null;
  if (fields.pm === true && fields.twelve) fields.hour += 12;
  const moment = momentOf(fields, fields.offset);
  return moment !== null && fields.dayOfYear !== null
    ? { ...moment, micros: moment.micros + (fields.dayOfYear - 1) * MICROS_PER_DAY }
    : moment;
}

function compile(pattern: string): Reader {
  const expanded = pattern.replace(/%([cxX])/g, (all, letter: string) => {
    const longer = DIRECTIVES[letter];
    return typeof longer === 'string' ? longer : all;
  });
  const reads: Directive['read'][] = [];
  const source = expanded.replace(/%([^]?)|([^%]+)/g, (all, letter?: string, literal?: string) => {
    if (literal !== undefined) return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
    const directive = letter !== undefined && Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    if (directive === undefined || typeof directive === 'string') throw new UnknownDirective(all);
    reads.push(directive.read);
    return `(${directive.source})`;
  });
  return { pattern: new RegExp(`^${source}$`, 'i'), reads };
}
