import type { StreamTarget } from '../../contracts/destination.port.js';
import { MANAGED, modeColumns, namesOf, type Column } from '../../typing/index.js';
import { mayDeleteMissing, type WholeRead } from '../whole-read.js';
import { GENERATION_SCHEMA, generationPrefix } from './generation.js';
import { touchDeleted } from './metadata.js';
import { ident, qualified } from './quote.js';
import { DIGEST, hasDigests } from '../row-digest.js';
import { digestWith } from './row-digest.js';
import type { Session } from './session.js';
import { STAGE } from './stage.js';

/**
 * The keys that a whole read has met so far, written in the chunks' own transactions: what of the table is not among them in the end is gone at
 * the source. Dropped with abandoned generations. Logged as any table: one that a crash of the server could empty would delete everything.
 */
export const seenKeys = (streamId: string): string => qualified(GENERATION_SCHEMA, `${generationPrefix(streamId)}seen`);

/** For a run that begins, in the caller's transaction. `relation`: the stream's table, quoted. */
export async function makeSeenKeys(
  session: Session,
  { streamId, relation, key }: { streamId: string; relation: string; key: readonly string[] },
): Promise<void> {
  await session.query(
    'making room for the keys of a whole read',
    `CREATE TABLE ${seenKeys(streamId)} AS SELECT ${key.map(ident).join(', ')} FROM ${relation} WITH NO DATA`,
  );
}

/** Follows the key's columns to the types that they have now, in the caller's transaction. */
export async function retypeSeenKeys(
  session: Session,
  streamId: string,
  { target, before, after }: { target: StreamTarget; before: readonly Column[]; after: readonly Column[] },
): Promise<void> {
  const types = new Map(before.map(({ name, type }) => [name, type]));
  const key = new Set(namesOf(after, target).primaryKey);
  const changes = after
    .filter(({ name, type }) => key.has(name) && types.get(name) !== type)
    .map(({ name, type }) => `ALTER COLUMN ${ident(name)} TYPE ${type} USING ${ident(name)}::${type}`);
  if (changes.length > 0)
    await session.query('retyping the keys of a whole read', `ALTER TABLE ${seenKeys(streamId)} ${changes.join(', ')}`);
}

/** For a chunk's message: the stage's keys, once each. */
export function rememberKeys(seen: string, key: readonly string[]): string {
  const list = key.map(ident).join(', ');
  return `INSERT INTO ${seen} (${list}) SELECT DISTINCT ${list} FROM ${STAGE}`;
}

/**
 * Marks or deletes the rows that a whole read did not meet, in finish's transaction, and writes them to the ledger (`removed`). Nothing is
 * deleted where records were quarantined in the run: their rows would seem to be missing. Errors: DELETES_EVERYTHING.
 */
export async function deleteMissing(
  session: Session,
  { target, streamId, runId, key }: { target: StreamTarget; streamId: string; runId: string; key: readonly string[] },
): Promise<void> {
  const { deletes } = target;
  if (deletes?.missing === undefined) return;
  const name = `${target.namespace}.${target.table}`;
  const what = `deleting what is missing from ${name}`;
  const table = qualified(target.namespace, target.table);
  const seen = seenKeys(streamId);
  const mark = ident(MANAGED.deleted);
  const [facts] = await session.query<WholeRead & Record<string, unknown>>(
    what,
    `SELECT EXISTS (SELECT FROM sluice.chunk WHERE stream_id = $1 AND run_id = $2 AND quarantined > 0) AS quarantined,
       NOT EXISTS (SELECT FROM ${seen}) AS nothing,
       EXISTS (SELECT FROM ${table} ${deletes.missing === 'soft' ? `WHERE ${mark} IS NOT TRUE` : ''}) AS rows`,
    [streamId, runId],
  );
  if (facts === undefined || !mayDeleteMissing(facts, target)) return;
  // The keys are many and new: without statistics the planner would compare each with each.
  await session.query(what, `ANALYZE ${seen}`);
  const missing = `NOT EXISTS (SELECT FROM ${seen} s WHERE ${key.map((column) => `s.${ident(column)} = t.${ident(column)}`).join(' AND ')})`;
  const removal =
    deletes.missing === 'soft'
      ? `UPDATE ${table} t SET ${[`${mark} = true`, ...remarked(target), ...touchDeleted(target, runId)].join(', ')} WHERE t.${mark} IS NOT TRUE AND ${missing} RETURNING 1`
      : `DELETE FROM ${table} t WHERE ${missing} RETURNING 1`;
  await session.query(
    what,
    `WITH removed AS (${removal}), counted AS (SELECT count(*) AS rows FROM removed)
     INSERT INTO sluice.chunk (stream_id, run_id, slice_id, seq, fence, read, bytes, digest, removed)
     SELECT $1, $2, '', 0, 0, 0, 0, '00000000', rows FROM counted WHERE rows > 0`,
    [streamId, runId],
  );
}

/** Assignments of the digest of a row `t` that is marked. */
const remarked = (target: StreamTarget): string[] =>
  hasDigests(target) ? modeColumns([], target).map((mark) => `${DIGEST} = ${digestWith('t', mark, 'true')}`) : [];
