import { staleRun } from '../stale-run.js';
import { MOST_CHANGES, stateChange, type StateChangeRow } from '../state-change.js';
import type { StateChange, StateKey, StateWrite, StreamStates } from '../../contracts/stream-states.port.js';
import { SluiceError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { terminateBackends } from './backends.js';
import type { Session } from './session.js';
import { readStream, STREAM_KEY, streamKey } from './stream-row.js';

type ChangeRow = StateChangeRow & Record<string, unknown> & { stream: string };

const SELECT = `SELECT s.stream, s.created_at AS "createdAt", h.origin, h.run_id AS "runId", h.at`;

/** See StreamStates. `withSchema`: takes a session of a destination whose schema `sluice` is there. */
export const postgresStates = (withSchema: <T>(work: (session: Session) => Promise<T>) => Promise<T>): StreamStates => ({
  read: ({ keys }) => withSchema((session) => readStates(session, keys)),
  history: (request) => withSchema((session) => readHistory(session, request)),
  write: ({ changes }) => withSchema((session) => writeStates(session, changes)),
});

async function readStates(session: Session, keys: readonly StateKey[]): Promise<ReadonlyMap<string, StateChange>> {
  const found = new Map<string, StateChange>();
  const [first] = keys;
  if (first === undefined) return found;
  const rows = await session.query<ChangeRow>(
    'reading the states',
    `${SELECT}, s.state::text AS state, s.state_version AS version
     FROM sluice.stream s LEFT JOIN LATERAL (
       SELECT origin, run_id, at FROM sluice.state_history h WHERE h.stream_id = s.id AND h.version <= s.state_version
       ORDER BY h.version DESC LIMIT 1) h ON true
     WHERE s.installation = $1 AND s.sync_id = $2 AND s.lane = $3 AND s.stream = ANY($4::text[])`,
    [first.installation, first.syncId, first.lane, keys.map(({ stream }) => stream)],
  );
  for (const row of rows) found.set(row.stream, stateChange(row));
  return found;
}

async function readHistory(
  session: Session,
  { key, before, limit }: { key: StateKey; before: number | null; limit: number },
): Promise<readonly StateChange[]> {
  const rows = await session.query<ChangeRow>(
    'reading the history of a state',
    `${SELECT}, h.state::text AS state, h.version FROM sluice.stream s JOIN sluice.state_history h ON h.stream_id = s.id
     WHERE ${STREAM_KEY} AND ($5::bigint IS NULL OR h.version < $5) ORDER BY h.version DESC LIMIT $6`,
    [...streamKey(key), before, Math.min(limit, MOST_CHANGES)],
  );
  return rows.map(stateChange);
}

async function writeStates(session: Session, changes: readonly StateWrite[]): Promise<void> {
  const what = 'writing states';
  // In one order, whoever writes: two that change the same streams do not wait for each other's locks in a circle.
  const ordered = [...changes].sort((a, b) => (a.ref.stream < b.ref.stream ? -1 : 1));
  for (const { ref } of ordered) {
    const before = await readStream(session, ref, { lock: false });
    // A frozen writer holds its stream's row for as long as it likes.
    if (before && before.epoch < ref.epoch) await terminateBackends(session, { streamId: before.id, where: 'true', values: [] });
  }
  await session.transaction(what, async () => {
    for (const change of ordered) await writeState(session, change);
  });
}

async function writeState(session: Session, { ref, version, state, origin }: StateWrite): Promise<void> {
  const what = `writing the state of ${ref.stream}`;
  // Epoch 0 is older than any run's: the first run of a stream finds it as any later one does.
  await session.query(
    what,
    `INSERT INTO sluice.stream (installation, sync_id, stream, lane, epoch, run_id) VALUES ($1, $2, $3, $4, 0, '')
     ON CONFLICT (installation, sync_id, stream, lane) DO NOTHING`,
    streamKey(ref),
  );
  const row = await readStream(session, ref, { lock: true });
  if (!row || row.epoch > ref.epoch) throw staleRun(ref);
  if (Number(row.stateVersion) !== version)
    throw new SluiceError('VERSION_CONFLICT', {
      detail: `the state of ${ref.stream} is at version ${row.stateVersion}`,
      details: { stream: ref.stream, version: Number(row.stateVersion) },
    });
  await session.query(what, `SELECT pg_catalog.set_config('sluice.state_origin', $1, true)`, [origin]);
  await session.query(
    what,
    'UPDATE sluice.stream SET epoch = $2, run_id = $3, state = $4::json, state_version = state_version + 1 WHERE id = $1',
    [row.id, ref.epoch, ref.runId, state === null ? null : stringifyJson(state)],
  );
  // An interrupted plan would be finished first, and its slices would move the state on from where it was.
  await session.query(what, 'DELETE FROM sluice.checkpoint WHERE stream_id = $1', [row.id]);
}
