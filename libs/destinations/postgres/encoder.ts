import type { SourceRecord } from '../../contracts/stream.js';
import type { Column, ColumnType } from '../../typing/index.js';
import { bytes, json, NULL, scalar, text, Unencodable } from './encode-value.js';

/** A record that cannot be loaded, for sluice.quarantine. */
export interface Reject {
  record: SourceRecord;
  reason: 'null_key' | Unencodable['reason'];
  field: string | null;
}

/** Encodes records as lines of COPY text; what cannot be loaded is pushed to `rejects` and left out. `first` numbers the lines of a stage. */
export type Encoder = (records: readonly SourceRecord[], rejects: Reject[], first: number) => string;

export interface EncoderOptions {
  columns: readonly Column[];
  /** Fields that must not be null. */
  required?: readonly string[];
  /** Adds the line's number as last column: the order of reading, which a heap does not keep. */
  numbered?: boolean;
}

/**
 * Compiles an encoder. One generated expression a row, without a closure or an array per value, takes 3.5 µs for 12 columns where
 * `columns.map(…).join()` takes three times that. Names reach the code only through JSON.stringify.
 */
export function compileEncoder(options: EncoderOptions): Encoder {
  const lines = compileLines(options);
  return (records, rejects, first) => {
    const before = rejects.length;
    const out = lines(records, rejects, first);
    if (isWellFormed(out)) return out;
    // Rare: a lone surrogate somewhere, which UTF-8 would silently replace. Record by record, to find whose it is.
    rejects.length = before;
    let good = '';
    for (const [index, record] of records.entries()) {
      const line = lines([record], rejects, first + index);
      if (isWellFormed(line)) good += line;
      else rejects.push({ record, reason: 'lone_surrogate', field: culprit(options.columns, record) });
    }
    return good;
  };
}

/** One record's line without rejects: null when it has none. For digests. */
export function compileLine(columns: readonly Column[]): (record: SourceRecord) => string | null {
  const encode = compileEncoder({ columns });
  return (record) => encode([record], [], 0) || null;
}

function compileLines({ columns, required = [], numbered = false }: EncoderOptions): Encoder {
  const keyCheck = required.map(
    (name) => `if (${access([name])} == null) { reject(r, 'null_key', ${JSON.stringify(name)}); continue; }`,
  );
  const values = columns.map(({ path, type }) => `((v = ${access(path)}) == null ? '\\\\N' : ${valueOf(type)})`);
  if (numbered) values.push('(first + i)');
  const body = `
    return (rows, rejects, first) => {
      const reject = (record, reason, field) => { rejects.push({ record, reason, field }); };
      const n = rows.length;
      let out = '', i = 0, v;
      while (i < n) {
        try {
          for (; i < n; i++) {
            const r = rows[i];
            ${keyCheck.join('\n')}
            out += ${values.join(" + '\\t' + ")} + '\\n';
          }
        } catch (error) {
          reject(rows[i], reasonOf(error), culprit(columns, rows[i]));
          i++;
        }
      }
      return out;
    };`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- see compileEncoder: only JSON.stringify'd names enter the code
  const make = new Function('text', 'json', 'scalar', 'bytes', 'reasonOf', 'culprit', 'columns', 'inner', body) as (
    ...helpers: unknown[]
  ) => Encoder;
  return make(text, json, scalar, bytes, reasonOf, culprit, columns, inner);
}

/** `r.name`, but never what a record inherits: a field called `constructor` is absent from most records. */
function access(path: readonly string[]): string {
  return path.reduce((inside, name, depth) => {
    const key = JSON.stringify(name);
    const own = depth === 0 ? inside : `inner(${inside})`;
    return name in Object.prototype ? `(Object.hasOwn(${own}, ${key}) ? ${own}[${key}] : null)` : `${own}[${key}]`;
  }, 'r');
}

function valueOf(type: ColumnType): string {
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return `typeof v === 'number' ? v : scalar(v)`;
    case 'boolean':
      return `v === true ? 't' : v === false ? 'f' : scalar(v)`;
    case 'text':
    case 'timestamptz':
    case 'timestamp':
    case 'date':
    case 'time':
    case 'timetz':
    case 'uuid':
      return `typeof v === 'string' ? text(v) : scalar(v)`;
    case 'bytea':
      return 'bytes(v)';
    case 'jsonb':
      return 'json(v)';
    default: {
      const never: never = type;
      throw new Error(`unknown column type ${String(never)}`);
    }
  }
}

function reasonOf(error: unknown): Unencodable['reason'] {
  if (error instanceof Unencodable) return error.reason;
  throw error;
}

/** The field that cannot be encoded. */
function culprit(columns: readonly Column[], record: SourceRecord): string | null {
  for (const column of columns) {
    const value = valueAt(record, column.path);
    try {
      const encoded = value == null ? NULL : column.type === 'jsonb' ? json(value) : scalar(value);
      if (!isWellFormed(encoded)) return column.path.join('.');
    } catch {
      return column.path.join('.');
    }
  }
  return null;
}

const NONE = {};
/** What holds nested fields; anything but an object holds none. */
const inner = (value: unknown): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : NONE);

function valueAt(record: SourceRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) value = Object.hasOwn(inner(value), key) ? (value as Record<string, unknown>)[key] : null;
  return value;
}

/** String.prototype.isWellFormed (ES2024, in Node since 20). */
const isWellFormed = (value: string): boolean => (value as unknown as { isWellFormed(): boolean }).isWellFormed();
