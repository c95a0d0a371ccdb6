import type { Column, ColumnType, Widening } from '../../typing/index.js';
import { ident } from './quote.js';
import { DIGEST } from '../row-digest.js';

/**
 * One statement that adds and widens columns, so that the table is rewritten once at most; null: nothing is to be done. `digest`: what the digests
 * become, from the columns as they were; null: they stay.
 */
export function alterTable(
  relation: string,
  { add, widenings, digest }: { add: readonly Column[]; widenings: readonly Widening[]; digest: string | null },
): string | null {
  const changes = [
    ...add.map(({ name, type }) => `ADD COLUMN ${ident(name)} ${type}`),
    ...widenings.map(
      ({ column, from }) =>
        `ALTER COLUMN ${ident(column.name)} TYPE ${column.type} USING ${converted(ident(column.name), from, column.type)}`,
    ),
    ...(digest === null ? [] : [`ALTER COLUMN ${DIGEST} TYPE bigint USING ${digest}`]),
  ];
  return changes.length === 0 ? null : `ALTER TABLE ${relation} ${changes.join(', ')}`;
}

/** The value in the wider type. Times become ISO 8601 texts, as JSON has them; bytes base64. A provisional column's text has no values. */
export function converted(column: string, from: ColumnType, to: ColumnType): string {
  if (to === 'jsonb') return `to_jsonb(${isWritten(from) ? written(column, from) : column})`;
  return to === 'text' ? written(column, from) : `${column}::${to}`;
}

const isWritten = (type: ColumnType): boolean => ['timestamptz', 'timestamp', 'bytea', 'time', 'timetz'].includes(type);

function written(column: string, from: ColumnType): string {
  switch (from) {
    case 'timestamptz':
      return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    case 'timestamp':
      return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
    case 'bytea':
      return `replace(encode(${column}, 'base64'), E'\\n', '')`;
    default:
      return `${column}::text`;
  }
}
