import type { StreamTarget } from '../../contracts/destination.port.js';
import type { CopyTarget } from '../../contracts/source.port.js';
import { isKeyed } from '../../contracts/write-mode.js';
import type { Column } from '../../typing/index.js';
import { loadsDirectly } from './append-stage.js';
import type { Session } from './session.js';

/** format_type()'s names of our types, where they differ. */
const FULL_NAMES: Readonly<Partial<Record<Column['type'], string>>> = {
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  time: 'time without time zone',
  timetz: 'time with time zone',
};

/**
 * What a writer takes unseen: rows in the columns of its COPY, keys (and scd2's cursors) not null, keys not twice, where the merge relies on it. Binary only where
 * the table's columns are of the very types that the stream is loaded as; text is read by whatever type a column has. null: a column is
 * not a field of the record, or what it holds is still to be seen.
 */
export async function copyTargetOf(
  session: Session,
  {
    target,
  }: { target: Pick<StreamTarget, 'mode' | 'nested' | 'primaryKey' | 'cursorField' | 'resume' | 'metadata' | 'childTables'> },
  { relation, columns }: { relation: string; columns: readonly Column[] },
): Promise<CopyTarget | null> {
  if (
    target.nested === 'flatten' ||
    (target.childTables ?? []).length > 0 ||
    columns.length === 0 ||
    columns.some(({ path, provisional }) => path.length !== 1 || provisional === true)
  )
    return null;
  const keyed = isKeyed(target.mode);
  const required = keyed ? target.primaryKey.concat(target.mode === 'scd2' ? (target.cursorField ?? []) : []) : [];
  const actual = await session.query<{ name: string; type: string }>(
    'reading the types of the table’s columns',
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [relation],
  );
  const types = new Map(actual.map(({ name, type }) => [name, type]));
  const wanted = columns.map(({ name, path, type }) => ({
    field: path[0] as string,
    type: FULL_NAMES[type] ?? type,
    required: required.includes(path[0] as string),
    same: types.get(name) === (FULL_NAMES[type] ?? type),
  }));
  return {
    formats: wanted.every(({ same }) => same) ? ['copy_binary', 'copy_text'] : ['copy_text'],
    columns: wanted.map(({ field, type, required }) => ({ field, type, required })),
    unique: keyed ? target.primaryKey : null,
    filler: keyed || !loadsDirectly(target),
  };
}
