import type { StreamTarget } from '../../contracts/destination.port.js';
import { METADATA_COLUMNS, modeColumns, type Column, type ColumnType } from '../../typing/index.js';
import { ident, literal } from './quote.js';

/** The column of digests, quoted. */
export const DIGEST = ident(METADATA_COLUMNS.digest.name);

/** Whether the table's rows have digests. */
export const hasDigests = ({ metadata = [] }: Pick<StreamTarget, 'metadata'>): boolean => metadata.includes('digest');

/** The columns that a digest is made of: what a record brought and what the mode keeps of it, not what a row says of its loading. null: rows have none. Pure. */
export const digestedColumns = (
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'deletes' | 'cursorField' | 'metadata'>,
): readonly Column[] | null => (hasDigests(target) ? [...columns, ...modeColumns(columns, target)] : null);

/**
 * The digest of a row as an SQL expression, bigint: the same one when it is written and when it is verified, so that there is no second encoder
 * that could disagree. `reference`: of a column's value, of its type. Pure.
 *
 * It is the XOR of a hash of each value that is not null, seeded with the column's name. So a column that comes later, and is null in the rows
 * of before, changes nothing, and a column that is widened changes its own part only (see `redigested`). Hashes and binary forms depend on no setting of the
 * session, unlike the texts of times; `hash…extended` are the functions that hash partitions rely on, so they stay what they are from version to
 * version. A text of all values and its md5 took five times as long. All numbers are hashed as numeric: widening them changes nothing. JSON is
 * hashed as its canonical text: jsonb_hash_extended does not tell `[[1], 2]` from `[[1, 2]]`.
 */
export function rowDigest(columns: readonly Column[], reference: (column: Column) => string): string {
  return xor(columns.map((column) => `coalesce(${hashed(reference(column), column)}, 0)`));
}

/** Balanced: a table may have more columns than an expression may be deep. */
function xor(parts: readonly string[]): string {
  if (parts.length <= 1) return parts[0] ?? '0::bigint';
  const half = Math.ceil(parts.length / 2);
  return `(${xor(parts.slice(0, half))} # ${xor(parts.slice(half))})`;
}

/** null where the value is. */
function hashed(value: string, { name, type }: Pick<Column, 'name' | 'type'>): string {
  const seed = `hashtextextended(${literal(name)} COLLATE "C", 0)`;
  switch (form(type)) {
    case 'number':
      return `hash_numeric_extended((${value})::numeric, ${seed})`;
    case 'boolean':
      return `hashint4extended((${value})::integer, ${seed})`;
    case 'uuid':
      return `uuid_hash_extended(${value}, ${seed})`;
    case 'text':
      return `hashtextextended((${value})::text COLLATE "C", ${seed})`;
    case 'bytea':
      return `hashtextextended(encode(${value}, 'hex') COLLATE "C", ${seed})`;
    default:
      return `hashtextextended(encode(${type}_send(${value}), 'hex') COLLATE "C", ${seed})`;
  }
}

/** Columns of one form have one digest for a value that both hold. A time's is its type. */
function form(type: ColumnType): string {
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return 'number';
    case 'jsonb':
      return 'text';
    default:
      return type;
  }
}

export interface Redigest {
  /** The columns that the digests were made of, with the types of then. */
  before: readonly Column[];
  /** Those that they are to be made of. */
  after: readonly Column[];
  /** Names of columns that the table has already. */
  present: ReadonlySet<string>;
  /** A value of `before` in its type of `after`. */
  converted: (from: Column, to: Column) => string;
}

/**
 * The digest of a row after its columns have changed, from the digest and the columns that it has; null: it stays. Pure. What was right stays right, and
 * what was wrong stays wrong: a digest that is simply made anew would make any row right.
 */
export function redigested({ before, after, present, converted }: Redigest): string | null {
  const next = new Map(after.map((column) => [column.name, column]));
  const earlier = new Set(before.map(({ name }) => name));
  const parts: string[] = [];
  for (const column of before) {
    const to = next.get(column.name);
    if (column.provisional === true || !present.has(column.name) || (to !== undefined && form(to.type) === form(column.type)))
      continue;
    parts.push(part(ident(column.name), column));
    if (to !== undefined) parts.push(part(converted(column, to), to));
  }
  for (const column of after)
    if (!earlier.has(column.name) && present.has(column.name)) parts.push(part(ident(column.name), column));
  return parts.length === 0 ? null : `${DIGEST} # ${xor(parts)}`;
}

const part = (value: string, column: Column): string => `coalesce(${hashed(value, column)}, 0)`;

/** The digest of a row `t` after one column has got another value. `value`: SQL, not null. Pure. */
export const digestWith = (alias: string, column: Column, value: string): string =>
  `${alias}.${DIGEST} # ${xor([part(`${alias}.${ident(column.name)}`, column), hashed(value, column)])}`;
