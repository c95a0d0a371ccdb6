import { literal } from '../../postgres/index.js';
import type { ColumnType } from '../../typing/index.js';
import { rowDigests } from '../row-digest.js';

/**
 * Digests of DuckDB's rows: 63 bits of the md5 of each value's text. DuckDB's own `hash` takes a tenth of the time and may be another one in the next version.
 * Numbers are hashed as their digits, so widening them changes nothing; moments as microseconds, whatever the session's zone and calendar are.
 */
export const DIGESTS = rowDigests({
  none: '0::BIGINT',
  xor: (left, right) => `xor(${left}, ${right})`,
  hashed: (value, { name, type }) =>
    `(md5_number_lower(${literal(`${name.length} ${name} `)} || ${textOf(value, type)}) >> 1)::BIGINT`,
  form: (type) => (NUMBERS.has(type) ? 'number' : type),
});

const NUMBERS: ReadonlySet<ColumnType> = new Set(['smallint', 'integer', 'bigint', 'numeric']);

function textOf(value: string, type: ColumnType): string {
  switch (type) {
    case 'timestamptz':
      return `coalesce(epoch_us(${value})::VARCHAR, (${value})::VARCHAR)`; // infinity is no number
    case 'bytea':
      return `hex(${value})`;
    default:
      return `(${value})::VARCHAR`;
  }
}
