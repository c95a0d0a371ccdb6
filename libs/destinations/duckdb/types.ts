import { MANAGED, METADATA_COLUMNS, type ColumnType, type TableRules } from '../../typing/index.js';

/**
 * DuckDB's type of a column. `numeric` is text in one form (no exponent, no zeros that say nothing): DuckDB's DECIMAL has 38 digits and one scale
 * for a column, and a double would round. Equal numbers are equal texts; a reader casts to the DECIMAL that fits.
 */
export const DUCKDB_TYPES: Readonly<Record<ColumnType, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  numeric: 'VARCHAR',
  boolean: 'BOOLEAN',
  text: 'VARCHAR',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  time: 'TIME',
  timetz: 'TIME WITH TIME ZONE',
  jsonb: 'JSON',
  bytea: 'BLOB',
  uuid: 'UUID',
};

/** How the staged text becomes a value. */
export const typed = (text: string, type: ColumnType): string =>
  type === 'bytea' ? `unhex(${text})` : `${text}::${DUCKDB_TYPES[type]}`;

/** Names are case-insensitive in DuckDB. `rowid` would hide its own. */
export const DUCKDB_RULES: TableRules = {
  names: {
    maxBytes: 255,
    forbidden: /\0/g,
    reserved: new Set([...Object.values(MANAGED), ...Object.values(METADATA_COLUMNS).map(({ name }) => name), 'rowid']),
    caseSensitive: false,
  },
  maxColumns: 1_600,
};
