import type { Column, ColumnType } from '../../typing/index.js';
import { DIGEST, type RowDigests } from '../row-digest.js';
import { ident, literal } from './quote.js';

/**
 * The digest of a row is the XOR of a hash of each value that is not null, seeded with the column's name: a column that is widened changes its own part only.
 * Binary forms depend on no setting of the session, unlike the texts of times; `hash…extended` are the functions that hash
 * partitions rely on, so they stay what they are from version to version. A text of all values and its md5 took five times as long. All numbers are hashed as
 * numeric: widening them changes nothing. JSON is hashed as its canonical text: jsonb_hash_extended does not tell `[[1], 2]` from `[[1, 2]]`.
 */
export const DIGESTS: RowDigests = {
  rowDigest: (columns, reference) => xor(columns.map((column) => part(reference(column), column))),
  redigested: ({ before, after, present, converted }) => {
    const next = new Map(after.map((column) => [column.name, column]));
    const earlier = new Set(before.map(({ name }) => name));
    const parts: string[] = [];
    for (const column of before) {
      const to = next.get(column.name);
      const same = to !== undefined && form(to.type) === form(column.type);
      if (column.provisional === true || !present.has(column.name) || same) continue;
      parts.push(part(ident(column.name), column));
      if (to !== undefined) parts.push(part(converted(column, to), to));
    }
    for (const column of after)
      if (!earlier.has(column.name) && present.has(column.name)) parts.push(part(ident(column.name), column));
    return parts.length === 0 ? null : `${DIGEST} # ${xor(parts)}`;
  },
};

/** The digest of a row `alias` after one column has got another value. `value`: SQL, not null. Pure. */
export const digestWith = (alias: string, column: Column, value: string): string =>
  `${alias}.${DIGEST} # ${xor([part(`${alias}.${ident(column.name)}`, column), hashed(value, column)])}`;

const part = (value: string, column: Column): string => `coalesce(${hashed(value, column)}, 0)`;

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
