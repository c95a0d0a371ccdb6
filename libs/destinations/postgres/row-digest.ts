import type { ColumnType } from '../../typing/index.js';
import { rowDigests } from '../row-digest.js';
import { literal } from './quote.js';

/**
 * Digests of PostgreSQL's rows. Binary forms depend on no setting of the session, unlike the texts of times; `hash…extended` are the functions that hash
 * partitions rely on, so they stay what they are from version to version. A text of all values and its md5 took five times as long. All numbers are hashed as
 * numeric: widening them changes nothing. JSON is hashed as its canonical text: jsonb_hash_extended does not tell `[[1], 2]` from `[[1, 2]]`.
 */
export const DIGESTS = rowDigests({
  none: '0::bigint',
  xor: (left, right) => `(${left} # ${right})`,
  hashed: (value, { name, type }) => {
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
  },
  form,
});

/** A time's is its type. */
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
