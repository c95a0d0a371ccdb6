import type { SourceRecord } from '../../contracts/stream.js';
import { stringifyJson } from '../../json/index.js';
import type { ContractWatch } from '../../typing/index.js';
import {
  fieldOf,
  isNested,
  MAX_KEYS,
  textOf,
  Unfit,
  type Column,
  type ColumnType,
  type UnfitReason,
} from '../../typing/index.js';

/** A record that cannot be loaded, for sluice.quarantine. */
export interface Reject {
  record: SourceRecord;
  reason: UnfitReason;
  field: string | null;
}

export interface RowEncoderOptions {
  columns: readonly Column[];
  watch: ContractWatch;
  /** Fields of the key. */
  required: readonly string[];
  /** A cursor that every record must have. */
  requiredCursor: string | null;
  /** A field whose values are compared as numbers: they must fit NUMBER_ORDER. */
  numberField: string | null;
}

/** The text of every value in the order of the columns; null: the record is rejected. */
export type RowEncoder = (record: SourceRecord, rejects: Reject[]) => (string | null)[] | null;

/** What cursors that are numbers of any size are compared as. */
export const NUMBER_ORDER = 'DECIMAL(38, 12)';
const ORDERED = /^-?\d{1,26}(?:\.\d{1,12})?$/;
const MAX_DEPTH = 1_000;
const JSON_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/i;

export function compileRows({ columns, watch, required, requiredCursor, numberField }: RowEncoderOptions): RowEncoder {
  const leaf = (path: readonly string[], value: unknown): unknown =>
    watch.flattens && path.length < MAX_KEYS && isNested(value) ? null : value;
  const valueOf = (column: Column, value: unknown, record: SourceRecord): string | null => {
    if (value === null || value === undefined || typeof value === 'function' || typeof value === 'symbol') return null;
    const field = fieldOf(column.path);
    try {
      const text = column.provisional === true ? undefined : textOfValue(column.type, value);
      if (text === undefined) watch.misfit(column, value, record);
      else if (field !== numberField || ORDERED.test(plainNumber(text.trim()) ?? '')) return text;
      else throw new Unfit('type_conflict', field);
      return null;
    } catch (error) {
      if (!(error instanceof Unfit) || error.field !== null) throw error;
      if (watch.leavesOut(column, record)) return null;
      throw new Unfit(error.reason, field);
    }
  };
  return (record, rejects) => {
    try {
      for (const field of required) if (own(record, field) == null) throw new Unfit('null_key', field);
      if (requiredCursor !== null && own(record, requiredCursor) == null) throw new Unfit('null_cursor', requiredCursor);
      let present = 0;
      const row = columns.map((column) => {
        const value = leaf(column.path, valueAt(record, column.path));
        if (value !== undefined) present += 1;
        return valueOf(column, value, record);
      });
      if (watch.watchesFields && (watch.flattens || present !== Object.keys(record).length)) watch.extra(record);
      return row;
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      watch.forget(record);
      rejects.push({ record, reason: error.reason, field: error.field });
      return null;
    }
  };
}

const own = (record: SourceRecord, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);

function valueAt(record: SourceRecord, path: readonly string[]): unknown {
  const [key = '', ...rest] = path;
  const value = own(record, key);
  if (rest.length === 0) return value;
  return isNested(value) ? valueAt(value, rest) : undefined;
}

/** undefined: it does not fit. Throws Unfit where no column can hold it. */
export function textOfValue(type: ColumnType, value: unknown): string | undefined {
  switch (type) {
    case 'text':
      return wellFormed(textOf(type, value));
    case 'bigint':
      return Number.isSafeInteger(value) ? String(value) : textOf(type, value);
    case 'numeric': {
      const text = textOf(type, value);
      return text === undefined ? undefined : plainNumber(text);
    }
    case 'jsonb':
      return jsonText(value);
    case 'timestamptz':
    case 'timestamp':
      return textOf(type, value)
        ?.replace(/t/, 'T')
        .replace(/z/, 'Z')
        .replace(/ (?=[+-])/, '');
    case 'timetz':
      return textOf(type, value)
        ?.replace(/^(\d\d:\d\d)(?!:)/, '$1:00')
        .replace(/[zZ]$|(?<=^[\d:.]+)$/, '+00');
    default:
      return textOf(type, value);
  }
}

function wellFormed(text: string | undefined): string | undefined {
  if (text !== undefined && !(text as unknown as { isWellFormed(): boolean }).isWellFormed()) throw new Unfit('lone_surrogate');
  return text;
}

function jsonText(value: unknown): string | undefined {
  let text: string;
  try {
    text = stringifyJson(value);
  } catch (error) {
    throw error instanceof RangeError ? new Unfit('too_deep') : error;
  }
  if (text === 'null') return undefined; // Infinity and NaN are no JSON
  if (JSON_SURROGATE.test(text)) throw new Unfit('lone_surrogate');
  if (text.length > MAX_DEPTH && depthOf(text) > MAX_DEPTH) throw new Unfit('too_deep');
  return text;
}

/** Braces inside strings count too; no text has so many more of one than of the other. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const { 0: brace } of text.matchAll(/[[\]{}]/g)) {
    depth += brace === '[' || brace === '{' ? 1 : -1;
    if (depth > most) most = depth;
  }
  return most;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** A number in its one form: `-12.5`, `0`, `1000`. undefined: it is none. Pure. */
export function plainNumber(text: string): string | undefined {
  const [, sign = '', whole = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? [];
  const digits = whole + fraction;
  if (digits === '') return undefined;
  if (/^0+$/.test(digits)) return '0';
  const point = whole.length + Number(power);
  const left = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0');
  const right = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  const before = left.replace(/^0+/, '') || '0';
  const after = right.replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${before}${after === '' ? '' : `.${after}`}`;
}
