import type { StreamTarget } from '../../contracts/destination.port.js';
import { isKeyed } from '../../contracts/write-mode.js';
import { SluiceError } from '../../errors/index.js';
import { managedColumns, tableKey } from '../../typing/index.js';
import { generationTable, GENERATION_SCHEMA, type GenerationRow } from './generation.js';
import { readLayout } from './layout.js';
import { dropDefaults } from './metadata.js';
import { ident, qualified } from './quote.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';
import { swapObstacles } from './swap-obstacles.js';
import { readTrim } from './table-copy.js';
import { hasUniqueIndex, readTable } from './table-catalog.js';

type LoadedRow = GenerationRow & Pick<StreamRow, 'schemaVersion'>;

/** Whoever wants the table waits behind our wait for it, so it is short; readers that hold it longer are not waited for at all in the end. */
const SWAP_LOCK_MS = 1_000;
const SWAP_ATTEMPTS = 4;
const BETWEEN_ATTEMPTS_MS = 500;

/**
 * Puts the generation in the table's place, in the caller's transaction: by name where nothing hangs on the table itself, else (or when its
 * lock cannot be had) as one change of its rows. Under full_refresh_append it is added to the table instead, unless the stream was `reset`.
 * Readers see the old rows until the commit. Nothing is truncated, and nothing is cascaded.
 */
export async function publishGeneration(
  session: Session,
  row: LoadedRow & { reset: boolean },
  target: StreamTarget,
): Promise<void> {
  const table = await readTable(session, target.namespace, target.table);
  if (!table) throw new SluiceError('TABLE_SHAPE_CONFLICT', { detail: `${target.namespace}.${target.table} is gone` });
  if (target.mode === 'full_refresh_append' && !row.reset) return copyRows(session, row, target);
  // A generation with a key has an index of its own; only a plain one takes over the table's.
  const plain = !isKeyed(target.mode);
  if (plain && (await swapObstacles(session, table.oid)).length === 0 && (await swap(session, row, target, table.oid))) return;
  await applyInPlace(session, row, target, table.oid);
}

/** false: another transaction would not let go of the table, or it changed in the meantime; nothing was changed. */
async function swap(session: Session, row: LoadedRow, target: StreamTarget, oid: number): Promise<boolean> {
  const what = `replacing the table ${target.namespace}.${target.table}`;
  const final = qualified(target.namespace, target.table);
  const generation = { schema: GENERATION_SCHEMA, table: generationTable(row) };
  const defaults = dropDefaults(qualified(generation.schema, generation.table), target);
  if (defaults !== null) await session.query(what, defaults);
  const trim = await readTrim(session, { oid, schema: target.namespace, table: target.table, generation });
  if (trim === null) return false;
  await session.query(what, 'SAVEPOINT swap');
  for (const statement of trim.build) await session.query(what, statement);
  if (!(await lockTable(session, what, final)) || (await swapObstacles(session, oid)).length > 0) {
    await session.query(what, 'ROLLBACK TO SAVEPOINT swap'); // the indexes too: rows copied in place do not need them
    return false;
  }
  const next = await readTrim(session, { oid, schema: target.namespace, table: target.table, generation });
  if (next === null || next.build.join() !== trim.build.join()) {
    await session.query(what, 'ROLLBACK TO SAVEPOINT swap');
    return false;
  }
  await session.query(what, `DROP TABLE ${final} RESTRICT`);
  if (target.namespace !== GENERATION_SCHEMA)
    await session.query(
      what,
      `ALTER TABLE ${qualified(generation.schema, generation.table)} SET SCHEMA ${ident(target.namespace)}`,
    );
  await session.query(what, `ALTER TABLE ${qualified(target.namespace, generation.table)} RENAME TO ${ident(target.table)}`);
  for (const statement of next.adopt) await session.query(what, statement);
  return true;
}

async function lockTable(session: Session, what: string, table: string): Promise<boolean> {
  for (let attempt = 1; attempt <= SWAP_ATTEMPTS; attempt += 1) {
    await session.query(what, `SAVEPOINT lock_table; SET LOCAL lock_timeout = ${SWAP_LOCK_MS}`);
    try {
      await session.query(what, `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      return true;
    } catch (error) {
      if (!(error instanceof SluiceError) || error.details.sqlstate !== '55P03') throw error;
      await session.query(what, 'ROLLBACK TO SAVEPOINT lock_table');
      if (attempt < SWAP_ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, BETWEEN_ATTEMPTS_MS));
    }
  }
  return false;
}

/** One MVCC change: a reader sees all old rows or all new ones. */
async function applyInPlace(session: Session, row: LoadedRow, target: StreamTarget, oid: number): Promise<void> {
  const what = `replacing the rows of ${target.namespace}.${target.table}`;
  const final = qualified(target.namespace, target.table);
  const key = tableKey((await readLayout(session, row)).columns, target);
  await session.query(what, 'SET LOCAL row_security = off'); // rows that a policy would hide must fail the statement, not stay
  await session.query(what, `DELETE FROM ${final}`);
  await copyRows(session, row, target);
  if (isKeyed(target.mode) && !(await hasUniqueIndex(session, oid, key)))
    await session.query(what, `ALTER TABLE ${final} ADD PRIMARY KEY (${key.map(ident).join(', ')})`);
}

/** Adds the generation's rows to the table's. */
async function copyRows(session: Session, row: LoadedRow, target: StreamTarget): Promise<void> {
  const { columns: layout } = await readLayout(session, row);
  const columns = [...layout, ...managedColumns(layout, target)].map(({ name }) => ident(name)).join(', ');
  if (columns === '') return; // no record came that had a field
  await session.query(
    `adding rows to ${target.namespace}.${target.table}`,
    `INSERT INTO ${qualified(target.namespace, target.table)} (${columns})
     SELECT ${columns} FROM ${qualified(GENERATION_SCHEMA, generationTable(row))}`,
  );
}
