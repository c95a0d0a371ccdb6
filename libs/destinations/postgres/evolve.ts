import type { Column, ColumnType } from '../../typing/index.js';

/** A column of a table that exists. `type` as format_type() writes it. */
export interface ExistingColumn {
  name: string;
  type: string;
  notNull: boolean;
  /** It has a default or an identity: rows may leave it out. */
  filled: boolean;
  /** Generated, or identity always: rows may not give it. */
  computed: boolean;
}

export type Evolution =
  | { kind: 'create'; columns: readonly Column[] }
  | { kind: 'fits' }
  | { kind: 'add'; columns: readonly Column[] }
  /** Words for the reader, one per problem. */
  | { kind: 'conflict'; problems: readonly string[] };

const TEXT = ['text', 'character varying'];

/** Types of existing columns that take every value of ours, or refuse it loudly. A double or a numeric(10,2) would round silently: no. */
const ACCEPTED: Readonly<Record<ColumnType, readonly string[]>> = {
  smallint: ['smallint', 'integer', 'bigint', 'numeric'],
  integer: ['integer', 'bigint', 'numeric'],
  bigint: ['bigint', 'integer', 'smallint', 'numeric'],
  numeric: ['numeric'],
  boolean: ['boolean'],
  text: TEXT,
  timestamptz: ['timestamp with time zone'],
  timestamp: ['timestamp without time zone'],
  date: ['date'],
  time: ['time without time zone', ...TEXT],
  timetz: ['time with time zone', ...TEXT],
  jsonb: ['jsonb'],
  bytea: ['bytea', ...TEXT],
  uuid: ['uuid', ...TEXT],
};

/** What must be done to a table so that `wanted` fits into it. null: there is no table. Pure. Nothing is ever dropped, renamed or narrowed. */
export function evolve(current: readonly ExistingColumn[] | null, wanted: readonly Column[]): Evolution {
  if (current === null) return { kind: 'create', columns: wanted };
  const existing = new Map(current.map((column) => [column.name, column]));
  const problems: string[] = [];
  const add: Column[] = [];
  for (const column of wanted) {
    const found = existing.get(column.name);
    if (!found) add.push(column);
    else if (found.computed) problems.push(`column ${column.name} is computed by the table`);
    else if (!ACCEPTED[column.type].includes(found.type))
      problems.push(`column ${column.name} is ${found.type}, the stream needs ${column.type}`);
  }
  const loaded = new Set(wanted.map(({ name }) => name));
  for (const { name, notNull, filled } of current)
    if (notNull && !filled && !loaded.has(name)) problems.push(`column ${name} must not be null and the stream does not have it`);
  if (problems.length > 0) return { kind: 'conflict', problems };
  return add.length === 0 ? { kind: 'fits' } : { kind: 'add', columns: add };
}
