/**
 * What a column holds. The names are PostgreSQL's; another destination says with which type of its own it holds the same values.
 * `smallint` and `integer` are never chosen: they are the types of columns that were there before.
 */
export type ColumnType =
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'boolean'
  | 'text'
  | 'timestamptz'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'timetz'
  | 'jsonb'
  | 'bytea'
  | 'uuid';

/** One column of a stream's table. Plain data: it is kept with the table, as JSON. */
export interface Column {
  /** Identifier at the destination. */
  name: string;
  /** Where in the record the value is: keys from the outside in; one, unless nested objects are flattened. */
  path: readonly string[];
  type: ColumnType;
  /** No schema said so: the type comes from values, and follows them (see Contract). */
  inferred?: true;
  /** It was in the table before the stream came: it is loaded, and never changed. */
  theirs?: true;
  /** Its type is open until the first value: it was made without one, for a key or a cursor. */
  provisional?: true;
}

/** Compares and finds paths. Two different paths never have the same key. */
export const pathKey = (path: readonly string[]): string => JSON.stringify(path);

/** The column of a top-level field; undefined: it is not loaded. */
export const columnOf = (columns: readonly Column[], field: string): Column | undefined =>
  columns.find(({ path }) => path.length === 1 && path[0] === field);

/** Names of the key's and the cursor's columns, which are fields of the record where a stream declares them. Pure. */
export function namesOf(
  columns: readonly Column[],
  { primaryKey, cursorField }: { primaryKey: readonly string[]; cursorField: string | null },
): { primaryKey: string[]; cursorField: string | null } {
  return {
    primaryKey: primaryKey.flatMap((field) => columnOf(columns, field)?.name ?? []),
    cursorField: cursorField === null ? null : (columnOf(columns, cursorField)?.name ?? null),
  };
}
