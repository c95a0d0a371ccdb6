import { ident, literal } from '../../postgres/index.js';
import type { Column, ColumnType } from '../../typing/index.js';
import { DIGEST, type RowDigests } from '../row-digest.js';

/**
 * The digest of a row is 63 bits of the md5 of one text: name and value of each column that is not null, in the order of names. DuckDB's own `hash` takes half
 * the time and may be another one in the next version; an md5 for each value, as PostgreSQL's digests are made of hashes, took four times as long.
 */
export const DIGESTS: RowDigests = {
  rowDigest: (columns, reference) => {
    const ordered = [...columns].sort((a, b) => (a.name < b.name ? -1 : 1));
    return `(md5_number_lower(concat('', ${ordered.map((column) => part(reference(column), column)).join(', ')})) >> 1)::BIGINT`;
  },
  redigested: ({ before, after, present, converted }) => {
    // What is provisional has only ever been null.
    const earlier = new Map(before.filter(({ name }) => present.has(name)).map((column) => [column.name, column]));
    const later = after.filter(({ name }) => present.has(name) && earlier.get(name)?.provisional !== true);
    const from = [...earlier.values()].filter(({ provisional }) => provisional !== true);
    const types = new Map(later.map(({ name, type }) => [name, type]));
    if (later.length === from.length && from.every(({ name, type }) => types.get(name) === type)) return null;
    const value = (column: Column): string => {
      const old = earlier.get(column.name);
      return old === undefined || old.type === column.type ? ident(column.name) : converted(old, column);
    };
    return exchanged(
      DIGEST,
      DIGESTS.rowDigest(from, ({ name }) => ident(name)),
      DIGESTS.rowDigest(later, value),
    );
  },
};

/** The digest of a row `t` after one of its columns has got another value. `value`: SQL. Pure. */
export const digestWith = (columns: readonly Column[], { name, value }: { name: string; value: string }): string => {
  const own = (column: Column): string => `t.${ident(column.name)}`;
  const next = DIGESTS.rowDigest(columns, (column) => (column.name === name ? value : own(column)));
  return exchanged(`t.${DIGEST}`, DIGESTS.rowDigest(columns, own), next);
};

/** What is wrong stays as it is, and so is wrong of the new columns too. */
const exchanged = (digest: string, right: string, next: string): string =>
  `CASE WHEN ${digest} = ${right} THEN ${next} ELSE ${digest} END`;

/** Empty where the value is null. Of a text the length says where it ends. */
function part(value: string, { name, type }: Pick<Column, 'name' | 'type'>): string {
  const text = textOf(value, type);
  const length = TEXTS.has(type) ? `strlen((${value})::VARCHAR) || ' ' || ` : '';
  return `coalesce(${literal(`${name.length} ${name} `)} || ${length}${text} || ' ', '')`;
}

const TEXTS: ReadonlySet<ColumnType> = new Set(['text', 'numeric', 'jsonb']);

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
