import type { SourceRecord } from '../../contracts/stream.js';
import {
  ContractWatch,
  DATE,
  fieldOf,
  isDay,
  isNested,
  MAX_KEYS,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
  Unfit,
  UUID,
  type Column,
  type UnfitReason,
} from '../../typing/index.js';
import { json, NULL, slowText, text } from './encode-value.js';

/** A record that cannot be loaded, for sluice.quarantine. */
export interface Reject {
  record: SourceRecord;
  reason: UnfitReason;
  field: string | null;
}

/** Encodes records as lines of COPY text; what cannot be loaded is pushed to `rejects` and left out. `first` numbers the lines of a stage. */
export type Encoder = (records: readonly SourceRecord[], rejects: Reject[], first: number) => string;

export interface EncoderOptions {
  columns: readonly Column[];
  /** Fields of the key: they must not be null, nor too long for an index. */
  required?: readonly string[];
  /** A field whose texts are compared as numbers. */
  numberText?: string | null;
  /** The cursor, where it is part of the table's key. */
  requiredCursor?: string | undefined;
  /** Adds the line's number as last column: the order of reading, which a heap does not keep. */
  numbered?: boolean;
  /** Decides about what does not fit. Default: quarantine, and fields without a column are left out. */
  watch?: ContractWatch;
}

/** An entry of a B-tree has 2,704 bytes; some are PostgreSQL's own. */
export const MAX_KEY_BYTES = 2_600;
/** UTF-8 bytes of a UTF-16 unit at most. */
const WIDEST = 3;
export const NUMBER_TEXT = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*$/;

/**
 * Compiles an encoder. One generated expression a row, without a closure or an array per value, takes 3.5 µs for 12 columns where
 * `columns.map(…).join()` takes three times that. Names reach the code only through JSON.stringify. What fits its column is recognised in the
 * expression; everything else goes to `slow`, which knows the contract.
 */
export function compileEncoder(options: EncoderOptions): Encoder {
  const watch =
    options.watch ?? new ContractWatch({ columns: options.columns, contract: { typeConflicts: 'quarantine' }, closed: true });
  const lines = compileLines(options, watch);
  const repaired = (record: SourceRecord, reject: Omit<Reject, 'record'>, rejects: Reject[], number: number): string => {
    const column = options.columns.find(({ path }) => fieldOf(path) === reject.field);
    watch.forget(record);
    const discarded = watch.discarded;
    if (column === undefined || !LEFT_OUT.has(reject.reason) || !watch.leavesOut(column, record)) {
      rejects.push({ record, ...reject });
      return '';
    }
    const inner: Reject[] = [];
    const line = encode([without(record, column.path)], inner, number);
    const [again] = inner;
    if (again === undefined) return line;
    watch.backTo(discarded);
    rejects.push({ ...again, record });
    return '';
  };
  const encode: Encoder = (records, rejects, first) => {
    const before = rejects.length;
    const discarded = watch.discarded;
    const out = lines(records, rejects, first, repaired);
    if (isWellFormed(out)) return out;
    // Rare: a lone surrogate somewhere, which UTF-8 would silently replace. Record by record, to find whose it is.
    rejects.length = before;
    watch.backTo(discarded);
    let good = '';
    for (const [index, record] of records.entries()) {
      const line = lines([record], rejects, first + index, repaired);
      good += isWellFormed(line)
        ? line
        : repaired(record, { reason: 'lone_surrogate', field: culprit(options.columns, record) }, rejects, first + index);
    }
    return good;
  };
  return encode;
}

/** What a discarded value makes good. */
const LEFT_OUT: ReadonlySet<UnfitReason> = new Set(['nul_character', 'lone_surrogate', 'too_deep', 'type_conflict']);

/** One record's line without rejects: null when it has none. For digests. */
export function compileLine(columns: readonly Column[], watch?: ContractWatch): (record: SourceRecord) => string | null {
  const encode = compileEncoder({ columns, ...(watch && { watch }) });
  return (record) => encode([record], [], 0) || null;
}

type Repair = (record: SourceRecord, reject: Omit<Reject, 'record'>, rejects: Reject[], number: number) => string;
type Lines = (records: readonly SourceRecord[], rejects: Reject[], first: number, repair: Repair) => string;

function compileLines(
  { columns, required = [], requiredCursor, numberText = null, numbered = false }: EncoderOptions,
  watch: ContractWatch,
): Lines {
  const indexed = [...required, ...(requiredCursor === undefined ? [] : [requiredCursor])];
  const keyBytes = Math.floor(MAX_KEY_BYTES / Math.max(1, indexed.length));
  const keyCheck = indexed.map((name) => {
    const reason = required.includes(name) ? 'null_key' : 'null_cursor';
    return `if (${access([name])} == null) throw new Unfit('${reason}', ${JSON.stringify(name)});`;
  });
  const { flattens } = watch;
  const counts = watch.watchesFields && !flattens;
  const read = (path: readonly string[]): string => (flattens && path.length < MAX_KEYS ? `leaf(${access(path)})` : access(path));
  const values = columns.map((column, n) => {
    const [field] = column.path;
    const value = valueOf(column, n);
    const guards = [
      ...(column.path.length === 1 && indexed.includes(field ?? '') ? [`short(v, ${JSON.stringify(field)})`] : []),
      ...(column.path.length === 1 && field === numberText ? [`number(v, ${JSON.stringify(field)})`] : []),
    ];
    const checked = guards.length === 0 ? value : `(${guards.join(', ')}, ${value})`;
    return counts
      ? `((v = ${read(column.path)}) === undefined ? '\\\\N' : (p++, v === null ? '\\\\N' : ${checked}))`
      : `((v = ${read(column.path)}) == null ? '\\\\N' : ${checked})`;
  });
  if (numbered) values.push('(first + i)');
  const line = values.length === 0 ? "''" : values.join(" + '\\t' + ");
  const body = `
    return (rows, rejects, first, repair) => {
      const n = rows.length;
      let out = '', i = 0, v, r, p;
      while (i < n) {
        try {
          for (; i < n; i++) {
            r = rows[i];
            ${keyCheck.join('\n')}
            ${counts ? 'p = 0;' : ''} const line = ${line};
            ${counts ? 'for (const k in r) p--; if (p !== 0) watch.extra(r);' : watch.watchesFields ? 'watch.extra(r);' : ''}
            ${columns.length === 0 ? 'nothing();' : ''} out += line + '\\n';
          }
        } catch (error) {
          out += repair(r, rejectOf(error, columns, r), rejects, first + i);
          i++;
        }
      }
      return out;
    };`;
  const helpers = {
    ...{ text, json, watch, columns, Unfit, rejectOf, inner, leaf, isDay, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, TIMETZ, UUID },
    slow: (n: number, value: unknown, record: SourceRecord): string => {
      const column = columns[n] as Column;
      const out = column.provisional === true ? undefined : slowText(column.type, value);
      if (out !== undefined) return out;
      watch.misfit(column, value, record);
      return NULL;
    },
    short: (value: unknown, field: string): void => {
      if (typeof value === 'number' || typeof value === 'boolean') return;
      const key = typeof value === 'string' ? value : String(value);
      if (key.length * WIDEST > keyBytes && Buffer.byteLength(key) > keyBytes) throw new Unfit('key_too_long', field);
    },
    number: (value: unknown, field: string): void => {
      if (typeof value !== 'number' && !NUMBER_TEXT.test(String(value))) throw new Unfit('type_conflict', field);
    },
    nothing: (): never => {
      throw new Unfit('empty_record');
    },
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- see compileEncoder: only JSON.stringify'd names enter the code
  const make = new Function(...Object.keys(helpers), body) as (...helpers: unknown[]) => Lines;
  return make(...Object.values(helpers));
}

const NONE = {};
/** What holds nested fields; anything but an object holds none. */
const inner = (value: unknown): object => (isNested(value) ? value : NONE);
/** The value of a column whose objects are taken apart. */
const leaf = (value: unknown): unknown => (isNested(value) ? null : value);

/** `r.name`, but never what a record inherits: a field called `constructor` is absent from most records. */
function access(path: readonly string[]): string {
  return path.reduce((before, name, depth) => {
    const key = JSON.stringify(name);
    const holder = depth === 0 ? before : `inner(${before})`;
    return name in Object.prototype ? `(Object.hasOwn(${holder}, ${key}) ? ${holder}[${key}] : undefined)` : `${holder}[${key}]`;
  }, 'r');
}

function valueOf({ type, provisional }: Column, n: number): string {
  const slow = `slow(${n}, v, r)`;
  const when = (fits: string, value = 'v'): string => `(${fits} ? ${value} : ${slow})`;
  const day = (pattern: string): string => when(`typeof v === 'string' && ${pattern}.test(v) && isDay(v)`);
  if (provisional === true) return slow;
  switch (type) {
    case 'smallint':
    case 'integer':
      return when(`typeof v === 'number' && (v | 0) === v && v >= -32768 && v <= 32767`);
    case 'bigint':
      return when('Number.isSafeInteger(v)');
    case 'numeric':
      return when(`typeof v === 'number' && v - v === 0`);
    case 'boolean':
      return `(v === true ? 't' : v === false ? 'f' : ${slow})`;
    case 'text':
      return when(`typeof v === 'string'`, 'text(v)');
    case 'timestamptz':
      return day('TIMESTAMPTZ');
    case 'timestamp':
      return day('TIMESTAMP');
    case 'date':
      return day('DATE');
    case 'time':
      return when(`typeof v === 'string' && TIME.test(v)`);
    case 'timetz':
      return when(`typeof v === 'string' && TIMETZ.test(v)`);
    case 'uuid':
      return when(`typeof v === 'string' && UUID.test(v)`);
    case 'bytea':
      return slow;
    case 'jsonb':
      return 'json(v)';
    default: {
      const never: never = type;
      throw new Error(`unknown column type ${String(never)}`);
    }
  }
}

function rejectOf(error: unknown, columns: readonly Column[], record: SourceRecord): Omit<Reject, 'record'> {
  if (!(error instanceof Unfit)) throw error;
  return { reason: error.reason, field: error.field ?? culprit(columns, record) };
}

/** The field whose value no column can hold. */
function culprit(columns: readonly Column[], record: SourceRecord): string | null {
  for (const { path, type } of columns) {
    const value = valueAt(record, path);
    try {
      const encoded = value == null ? NULL : (slowText(type, value) ?? NULL);
      if (!isWellFormed(encoded)) return fieldOf(path);
    } catch {
      return fieldOf(path);
    }
  }
  return null;
}

function valueAt(record: SourceRecord, path: readonly string[]): unknown {
  const [key = '', ...rest] = path;
  const value = Object.hasOwn(record, key) ? record[key] : null;
  return rest.length === 0 ? value : valueAt(inner(value) as SourceRecord, rest);
}

/** A copy whose value at the path is null. */
function without(record: SourceRecord, [key = '', ...rest]: readonly string[]): SourceRecord {
  return { ...record, [key]: rest.length === 0 ? null : without(inner(record[key]) as SourceRecord, rest) };
}

/** String.prototype.isWellFormed (ES2024, in Node since 20). */
const isWellFormed = (value: string): boolean => (value as unknown as { isWellFormed(): boolean }).isWellFormed();
