import type { Session } from './session.js';

/** How long a terminated server process gets to be gone; it only has to notice a signal. */
const GONE_WITHIN_MS = 10_000;
const POLL_MS = 20;

/**
 * Ends the server processes that checkpoints name, so that no lock of a frozen or dead writer stands in the way of its successor. A process is
 * named by pid and start time: a pid that was given anew is left alone, and so are we. Waits until they are gone; their transactions are then
 * rolled back or committed.
 */
export async function terminateBackends(
  session: Session,
  checkpoints: { streamId: string; where: string; values: readonly unknown[] },
): Promise<void> {
  const what = 'ending an earlier writer';
  const named = `
    SELECT a.pid FROM sluice.checkpoint c
    CROSS JOIN LATERAL jsonb_to_recordset(c.backends) AS b(pid integer, started text)
    JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid AND a.backend_start = b.started::timestamptz
    WHERE c.stream_id = $1 AND (${checkpoints.where}) AND a.pid <> pg_catalog.pg_backend_pid()`;
  const values = [checkpoints.streamId, ...checkpoints.values];
  const found = await session.query<{ pid: number }>(what, named, values);
  if (found.length === 0) return;
  const pids = found.map(({ pid }) => pid);
  await session.query(what, 'SELECT pg_catalog.pg_terminate_backend(pid) FROM unnest($1::integer[]) AS pid', [pids]);
  const deadline = Date.now() + GONE_WITHIN_MS;
  while ((await session.query(what, `${named} LIMIT 1`, values)).length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Ends the writers of every run but `runId`'s. For whoever raises the epoch: before it, so that a long merge is not waited for, and after it. */
export const terminateOtherRuns = (session: Session, { streamId, runId }: { streamId: string; runId: string }): Promise<void> =>
  terminateBackends(session, { streamId, where: 'c.run_id <> $2', values: [runId] });
