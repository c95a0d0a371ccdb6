import type { StreamTarget } from '../../contracts/destination.port.js';
import { ident, literal } from '../../postgres/index.js';
import { columnOf, MANAGED, type Column } from '../../typing/index.js';
import { mayDeleteMissing, type WholeRead } from '../whole-read.js';
import { metadataOf } from './metadata.js';
import { DIGEST, digestedColumns } from '../row-digest.js';
import { digestWith } from './row-digest.js';
import type { Session } from './session.js';
import { STAGE, staged } from './stage.js';
import { relationOf, seenTable } from './table.js';
import { DUCKDB_TYPES, typed } from './types.js';

/**
 * The keys that a whole read has met so far, written in the chunks' own transactions: what of the table is not among them in the end is gone at
 * the source. Dropped with abandoned generations.
 */
export const seenKeys = (streamId: string): string => relationOf(seenTable(streamId));

const columnName = (index: number): string => `k${index}`;

/** For a run that begins, in the caller's transaction. */
export async function makeSeenKeys(session: Session, streamId: string, keys: readonly Column[]): Promise<void> {
  const list = keys.map(({ type }, index) => `${columnName(index)} ${DUCKDB_TYPES[type]}`).join(', ');
  await session.query('making room for the keys of a whole read', `CREATE TABLE ${seenKeys(streamId)} (${list})`);
}

/** Follows the key's columns to the types that they have now, in the caller's transaction. */
export async function retypeSeenKeys(
  session: Session,
  streamId: string,
  { before, after }: { before: readonly Column[]; after: readonly Column[] },
): Promise<void> {
  for (const [index, { type }] of after.entries())
    if (before[index]?.type !== type)
      await session.query(
        'retyping the keys of a whole read',
        `ALTER TABLE ${seenKeys(streamId)} ALTER COLUMN ${columnName(index)} SET DATA TYPE ${DUCKDB_TYPES[type]}`,
      );
}

/** For a chunk's transaction: the stage's keys, once each. */
export async function rememberKeys(
  session: Session,
  { seen, columns, keys }: { seen: string; columns: readonly Column[]; keys: readonly Column[] },
): Promise<void> {
  const values = keys.map((key) => typed(staged(columns.indexOf(key)), key.type)).join(', ');
  await session.query('remembering the keys of a whole read', `INSERT INTO ${seen} SELECT DISTINCT ${values} FROM ${STAGE}`);
}

/** Marks or deletes the rows that a whole read did not meet, in finish's transaction, and writes them to the ledger (`removed`). Errors: DELETES_EVERYTHING. */
export async function deleteMissing(
  session: Session,
  { target, streamId, runId, columns }: { target: StreamTarget; streamId: string; runId: string; columns: readonly Column[] },
): Promise<void> {
  const keys = target.primaryKey.flatMap((field) => columnOf(columns, field) ?? []);
  const soft = target.deletes?.missing === 'soft';
  const what = `deleting what is missing from ${target.namespace}.${target.table}`;
  const table = relationOf(target);
  const mark = ident(MANAGED.deleted);
  const [facts] = await session.query<WholeRead>(
    what,
    `SELECT EXISTS (FROM sluice.chunk WHERE stream_id = $1::BIGINT AND run_id = $2 AND quarantined > 0) AS quarantined,
       NOT EXISTS (FROM ${seenKeys(streamId)}) AS nothing, EXISTS (FROM ${table} ${soft ? `WHERE ${mark} IS NOT TRUE` : ''}) AS "rows"`,
    [streamId, runId],
  );
  if (facts === undefined || !mayDeleteMissing(facts, target)) return;
  const same = keys.map(({ name }, index) => `s.${columnName(index)} = t.${ident(name)}`).join(' AND ');
  const missing = `NOT EXISTS (FROM ${seenKeys(streamId)} s WHERE ${same})`;
  const digested = digestedColumns(columns, target);
  const digest = digested === null ? [] : [[DIGEST, digestWith(digested, { name: MANAGED.deleted, value: 'true' })]];
  const sets = [[mark, 'true'], ...metadataOf({ target, runId, sliceId: null }, 'delete'), ...digest].map(
    ([name, value]) => `${name} = ${value}`,
  );
  const [removed] = await session.query<{ Count: string }>(
    what,
    soft
      ? `UPDATE ${table} t SET ${sets.join(', ')} WHERE t.${mark} IS NOT TRUE AND ${missing}`
      : `DELETE FROM ${table} t WHERE ${missing}`,
  );
  if (Number(removed?.Count ?? 0) === 0) return;
  await session.query(
    what,
    `INSERT INTO sluice.chunk BY NAME SELECT ${streamId}::BIGINT AS stream_id, ${literal(runId)} AS run_id, '' AS slice_id, 0 AS seq, 0 AS fence,
       0 AS read, 0 AS bytes, ${Number(removed?.Count)} AS removed, now() AS committed_at`,
  );
}
