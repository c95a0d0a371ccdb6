import { SluiceError } from '../../errors/index.js';
import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { isKeyed, type WriteMode } from '../../contracts/write-mode.js';
import { evolve, fieldOf, managedColumns, namesOf, tableKey, type Column, type Widening } from '../../typing/index.js';
import { alterTable, converted } from './alter-table.js';
import { ident, qualified } from './quote.js';
import { DIGEST, digestAfter } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import type { Session } from './session.js';
import { hasUniqueIndex, readTable } from './table-catalog.js';

const OWN_SCHEMA = 'sluice';
/** What these do to a table can be done to a partitioned one. */
const APPENDING: readonly WriteMode[] = ['incremental_append', 'full_refresh_append'];

/** Takes the table for this stream, or says whose it is. In the caller's transaction. Errors: TABLE_OWNED, TABLE_SHAPE_CONFLICT (our own schema). */
export async function ownTable(session: Session, ref: StreamRef, target: StreamTarget): Promise<void> {
  const what = `taking the table ${target.namespace}.${target.table}`;
  if (target.namespace === OWN_SCHEMA)
    throw conflict(`${target.namespace}.${target.table}`, 'this schema holds Sluice’s own tables');
  await session.query(
    what,
    `INSERT INTO sluice.table_owner (schema_name, table_name, installation, sync_id, stream) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (schema_name, table_name) DO NOTHING`,
    [target.namespace, target.table, ref.installation, ref.syncId, ref.stream],
  );
  const [owner] = await session.query<{ installation: string; sync_id: string; stream: string }>(
    what,
    'SELECT installation, sync_id, stream FROM sluice.table_owner WHERE schema_name = $1 AND table_name = $2 FOR KEY SHARE',
    [target.namespace, target.table],
  );
  if (owner?.installation === ref.installation && owner.sync_id === ref.syncId && owner.stream === ref.stream) return;
  const whose =
    owner?.installation === ref.installation
      ? `stream ${owner.stream} of sync ${owner.sync_id}`
      : 'another installation of Sluice';
  throw new SluiceError('TABLE_OWNED', {
    detail: `${target.namespace}.${target.table} belongs to ${whose}`,
    details: {
      table: `${target.namespace}.${target.table}`,
      ...(owner?.installation === ref.installation ? { sync: owner.sync_id } : {}),
    },
  });
}

export interface Shape {
  target: StreamTarget;
  columns: readonly Column[];
  /** What the stream made earlier, and may change. */
  known: readonly Column[];
  /** What the rows of the table were written with, of which their digests are made; empty: there are none. */
  digested: readonly Column[];
  /** An upsert needs a unique index. */
  keyed: boolean;
}

/**
 * Makes the table fit, in the caller's transaction, and returns the columns with the types that they have there. Of a frozen contract a table
 * that the stream made before is not changed. Errors: TABLE_SHAPE_CONFLICT, SCHEMA_FROZEN.
 */
export async function shapeTable(
  session: Session,
  { target, columns, known, digested, keyed }: Shape,
): Promise<readonly Column[]> {
  const name = `${target.namespace}.${target.table}`;
  const what = `shaping the table ${name}`;
  const table = await readTable(session, target.namespace, target.table);
  if (table && table.kind !== 'r' && !(table.kind === 'p' && APPENDING.includes(target.mode)))
    throw conflict(name, table.kind === 'p' ? 'a partitioned table can only be appended to' : 'it is not an ordinary table');
  const keys = namesOf(columns, target);
  const managed = managedColumns(columns, target);
  const fixed = [
    ...keys.primaryKey,
    ...(keys.cursorField === null ? [] : [keys.cursorField]),
    ...managed.map((column) => column.name),
  ];
  const step = evolve(table?.columns ?? null, [...columns, ...managed], {
    known: [...known, ...managedColumns(known, target)],
    fixed,
  });
  const relation = qualified(target.namespace, target.table);
  switch (step.kind) {
    case 'create':
      await createSchema(session, target.namespace);
      await session.query(what, `CREATE TABLE ${relation} (${definitions(columns, target)})`);
      return columns;
    case 'conflict':
      throw conflict(name, step.problems.join('; '));
    case 'change': {
      if (known.length > 0) assertNotFrozen(target, step);
      const recorded = step.columns.filter(isRecorded);
      const digest = digestAfter(DIGESTS, {
        ...{ target, digested, recorded, present: new Set(table?.columns.map((column) => column.name)) },
        converted: (from, to) => converted(ident(from.name), from.type, to.type),
      });
      const rewritten = step.widenings.length > 0;
      const statement = alterTable(relation, { ...step, digest: rewritten ? digest : null });
      if (statement !== null)
        await session.query(what, statement).catch((error: unknown) => rethrow(error, name, step.widenings));
      if (digest !== null && !rewritten)
        await session.query(what, `UPDATE ${relation} SET ${DIGEST} = ${digest} WHERE ${DIGEST} <> ${digest}`);
      if (target.mode === 'scd2' && table && (await hasUniqueIndex(session, table.oid, keys.primaryKey)))
        throw conflict(name, 'a unique index allows one row a key, and a history has several: name another table');
      if (keyed && table) await assertUnique(session, table.oid, { target, columns });
      return recorded;
    }
    default: {
      const never: never = step;
      throw new Error(`unknown evolution ${String(never)}`);
    }
  }
}

/** Of a record, not managed. */
const isRecorded = ({ path }: Column): boolean => path.length > 0;

/** That a merge finds its rows by an index. Errors: TABLE_SHAPE_CONFLICT. */
async function assertUnique(
  session: Session,
  oid: number,
  { target, columns }: { target: StreamTarget; columns: readonly Column[] },
): Promise<void> {
  const name = `${target.namespace}.${target.table}`;
  const key = tableKey(columns, target);
  if (await hasUniqueIndex(session, oid, key)) return;
  const wanted = `CREATE UNIQUE INDEX ON ${qualified(target.namespace, target.table)} (${key.map(ident).join(', ')})`;
  throw conflict(name, `${target.mode} needs a unique index over its key: ${wanted}`);
}

/** What PostgreSQL cannot do to a column that a view or a generated column reads. */
const CANNOT = '0A000';

function rethrow(error: unknown, table: string, widenings: readonly Widening[]): never {
  if (!(error instanceof SluiceError) || error.details.sqlstate !== CANNOT || widenings.length === 0) throw error;
  const changes = widenings.map(({ column }) => `column ${column.name} to ${column.type}`).join(', ');
  throw conflict(table, `something depends on what has to change, ${changes}: drop it or change the column yourself`);
}

function assertNotFrozen(
  { contract = {} }: StreamTarget,
  { add, widenings }: { add: readonly Column[]; widenings: readonly Widening[] },
): void {
  const [added] = contract.newFields === 'freeze' ? add.filter(isRecorded) : [];
  if (added) throw new SluiceError('SCHEMA_FROZEN', { detail: `the schema has a new field ${fieldOf(added.path)}` });
  const [widened] = contract.typeConflicts === 'freeze' ? widenings : [];
  if (widened)
    throw new SluiceError('SCHEMA_FROZEN', {
      detail: `the column ${widened.column.name} is ${widened.from}, the schema’s field is ${widened.column.type} now`,
    });
}

/** Column definitions, with the primary key that an upsert needs. */
export function definitions(
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'primaryKey' | 'cursorField' | 'deletes' | 'childTables'>,
): string {
  const list = [...columns, ...managedColumns(columns, target)].map(({ name, type }) => `${ident(name)} ${type}`);
  if (isKeyed(target.mode)) list.push(`PRIMARY KEY (${tableKey(columns, target).map(ident).join(', ')})`);
  return list.join(', ');
}

/**
 * In the caller's transaction. CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where the schema exists, and of two sessions
 * that make the same one at the same moment it lets one fail on the catalog's own unique index: they take turns.
 */
async function createSchema(session: Session, schema: string): Promise<void> {
  const what = `making the schema ${schema}`;
  const find = () => session.query(what, 'SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if ((await find()).length > 0) return;
  await session.query(what, `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('sluice.namespace', 0))`);
  if ((await find()).length === 0) await session.query(what, `CREATE SCHEMA ${ident(schema)}`);
}

const conflict = (table: string, problem: string): SluiceError =>
  new SluiceError('TABLE_SHAPE_CONFLICT', { detail: `${table}: ${problem}`, details: { table } });
