import type { Column, ColumnType } from './column.js';
import { holds, keepsOrder, widen } from './widen.js';

/** A column of a table that exists. */
export interface ExistingColumn {
  name: string;
  /** null: a type that no value of ours is loaded into. */
  type: ColumnType | null;
  /** The type in the destination's own words. */
  words: string;
  notNull: boolean;
  /** It has a default or an identity: rows may leave it out. */
  filled: boolean;
  /** Generated, or identity always: rows may not give it. */
  computed: boolean;
}

/** A column that is to take more values than it does. */
export interface Widening {
  /** As it is to be. */
  column: Column;
  from: ColumnType;
}

/** `columns`: the wanted ones with the types that they have in the table then. */
export type Evolution =
  | { kind: 'create'; columns: readonly Column[] }
  | { kind: 'change'; columns: readonly Column[]; add: readonly Column[]; widenings: readonly Widening[] }
  /** Words for the reader, one per problem. */
  | { kind: 'conflict'; problems: readonly string[] };

/** Types of columns that somebody else made which take what we load, or refuse it value by value. A double would round silently: no. */
const ACCEPTED: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  bigint: ['integer', 'smallint', 'numeric'],
  time: ['text'],
  timetz: ['text'],
  bytea: ['text'],
  uuid: ['text'],
};

export interface EvolveOptions {
  /** Columns that the stream has or had: what it made it may change. */
  known?: readonly Pick<Column, 'name' | 'provisional' | 'theirs'>[];
  /** Names of the columns of key and cursor, whose order must stay what it is. */
  fixed?: readonly string[];
}

/** What must be done to a table so that `wanted` fits into it. null: there is no table. Pure. Nothing is ever dropped, renamed or narrowed. */
export function evolve(
  current: readonly ExistingColumn[] | null,
  wanted: readonly Column[],
  { known = [], fixed = [] }: EvolveOptions = {},
): Evolution {
  if (current === null) return { kind: 'create', columns: wanted };
  const existing = new Map(current.map((column) => [column.name, column]));
  const ours = new Map(known.flatMap((column) => (column.theirs === true ? [] : [[column.name, column]])));
  const problems: string[] = [];
  const add: Column[] = [];
  const widenings: Widening[] = [];
  const columns = wanted.map((column): Column => {
    const found = existing.get(column.name);
    if (!found) {
      add.push(column);
      return column;
    }
    if (found.computed) problems.push(`column ${column.name} is computed by the table`);
    else if (found.type === null) problems.push(`column ${column.name} is ${found.words}, the stream needs ${column.type}`);
    else {
      const own = ours.get(column.name);
      const step = own ? ownStep(found.type, column, own) : foreignStep(found.type, column);
      if (step === null) problems.push(`column ${column.name} is ${found.words}, the stream needs ${column.type}`);
      else if (step.type === found.type) return step;
      else if (fixed.includes(column.name) && own?.provisional !== true && !keepsOrder(found.type, step.type))
        problems.push(
          `column ${column.name} of the key or cursor is ${found.words}, the stream needs ${column.type}; reset the stream`,
        );
      else {
        widenings.push({ column: step, from: found.type });
        return step;
      }
    }
    return column;
  });
  const loaded = new Set(wanted.map(({ name }) => name));
  for (const { name, notNull, filled } of current)
    if (notNull && !filled && !loaded.has(name)) problems.push(`column ${name} must not be null and the stream does not have it`);
  if (problems.length > 0) return { kind: 'conflict', problems };
  return { kind: 'change', columns, add, widenings };
}

/** A column that the stream made. A provisional one has no values yet, and takes any type. */
function ownStep(found: ColumnType, column: Column, own: Pick<Column, 'provisional'>): Column {
  if (column.provisional === true) return own.provisional === true ? column : settled(column, found);
  if (own.provisional === true) return column;
  return { ...column, type: holds(found, column.type) ? found : widen(found, column.type) };
}

function foreignStep(found: ColumnType, column: Column): Column | null {
  if (column.provisional === true) return { ...settled(column, found), theirs: true };
  return found === column.type || ACCEPTED[column.type]?.includes(found) === true
    ? { ...column, type: found, theirs: true }
    : null;
}

function settled({ provisional: _, ...column }: Column, type: ColumnType): Column {
  return { ...column, type };
}
