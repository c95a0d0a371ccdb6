import type { StateChange, StateKey, StateWrite, StreamStates } from '../../contracts/stream-states.port.js';
import { SluiceError } from '../../errors/index.js';
import { staleRun } from '../stale-run.js';
import { MOST_CHANGES, stateChange, type StateChangeRow } from '../state-change.js';
import type { Session } from './session.js';
import { setState } from './set-state.js';
import { addStream, readStream } from './stream-row.js';

/** Times in milliseconds. */
type ChangeRow = Omit<StateChangeRow, 'at' | 'createdAt'> & { stream: string; at: number | null; createdAt: number };

const CHANGE = `s.stream, epoch_ms(s.created_at)::DOUBLE AS "createdAt", h.origin, h.run_id AS "runId", epoch_ms(h."at")::DOUBLE AS "at"`;
const STREAM = 's.installation = $1 AND s.sync_id = $2 AND s.lane = $3';

/** See StreamStates. `withSession`: takes a session of the file. */
export const duckdbStates = (withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>): StreamStates => ({
  read: ({ keys }) => withSession((session) => readStates(session, keys)),
  history: (request) => withSession((session) => readHistory(session, request)),
  write: ({ changes }) =>
    withSession((session) =>
      session.transaction('writing states', async () => {
        for (const change of changes) await writeState(session, change);
      }),
    ),
});

async function readStates(session: Session, keys: readonly StateKey[]): Promise<ReadonlyMap<string, StateChange>> {
  const [first] = keys;
  if (first === undefined) return new Map();
  const rows = await session.query<ChangeRow>(
    'reading the states',
    `SELECT ${CHANGE}, s.state, s.state_version::DOUBLE AS version FROM sluice.stream s
     LEFT JOIN (SELECT * FROM sluice.state_history QUALIFY row_number() OVER (PARTITION BY stream_id ORDER BY version DESC) = 1) h ON h.stream_id = s.id
     WHERE ${STREAM}`,
    [first.installation, first.syncId, first.lane],
  );
  const wanted = new Set(keys.map(({ stream }) => stream));
  return new Map(rows.filter(({ stream }) => wanted.has(stream)).map((row) => [row.stream, changeOf(row)]));
}

async function readHistory(
  session: Session,
  { key, before, limit }: { key: StateKey; before: number | null; limit: number },
): Promise<readonly StateChange[]> {
  const rows = await session.query<ChangeRow>(
    'reading the history of a state',
    `SELECT ${CHANGE}, h.state, h.version::DOUBLE AS version FROM sluice.stream s JOIN sluice.state_history h ON h.stream_id = s.id
     WHERE ${STREAM} AND s.stream = $4 AND ($5::BIGINT IS NULL OR h.version < $5::BIGINT) ORDER BY h.version DESC LIMIT $6::BIGINT`,
    [key.installation, key.syncId, key.lane, key.stream, before, Math.min(limit, MOST_CHANGES)],
  );
  return rows.map(changeOf);
}

async function writeState(session: Session, { ref, version, state, origin }: StateWrite): Promise<void> {
  const what = `writing the state of ${ref.stream}`;
  // Epoch 0 is older than any run's: the first run of a stream finds it as any later one does.
  const row = (await readStream(session, ref)) ?? (await addStream(session, { ...ref, epoch: 0, runId: '' }));
  if (row.epoch > ref.epoch) throw staleRun(ref);
  if (row.stateVersion !== version)
    throw new SluiceError('VERSION_CONFLICT', {
      detail: `the state of ${ref.stream} is at version ${row.stateVersion}`,
      details: { stream: ref.stream, version: row.stateVersion },
    });
  await session.query(what, 'UPDATE sluice.stream SET epoch = $2::BIGINT, run_id = $3 WHERE id = $1::BIGINT', [
    row.id,
    ref.epoch,
    ref.runId,
  ]);
  await setState(session, row.id, state, origin);
  // An interrupted plan would be finished first, and its slices would move the state on from where it was.
  await session.query(what, 'DELETE FROM sluice.checkpoint WHERE stream_id = $1::BIGINT', [row.id]);
}

const changeOf = ({ at, createdAt, ...row }: ChangeRow): StateChange =>
  stateChange({ ...row, at: at === null ? null : new Date(at), createdAt: new Date(createdAt) });
