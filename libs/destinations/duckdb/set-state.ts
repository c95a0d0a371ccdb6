import type { StateOrigin } from '../../contracts/stream-states.port.js';
import type { StreamState } from '../../contracts/stream.js';
import { stringifyJson } from '../../json/index.js';
import { STATES_KEPT, STATES_KEPT_BYTES, STATES_KEPT_DAYS } from '../state-change.js';
import type { Session } from './session.js';

const WHAT = 'setting the state';

/** Writes a stream's state and keeps the change, in the caller's transaction. Whatever changes a state does it here. */
export async function setState(session: Session, id: string, state: StreamState, origin: StateOrigin = 'run'): Promise<void> {
  const text = state === null ? null : stringifyJson(state);
  const [before] = await session.query<{ same: boolean }>(
    WHAT,
    'SELECT state IS NOT DISTINCT FROM $2::VARCHAR AS same FROM sluice.stream WHERE id = $1::BIGINT',
    [id, text],
  );
  await session.query(
    WHAT,
    'UPDATE sluice.stream SET state = $2::VARCHAR, state_version = state_version + 1 WHERE id = $1::BIGINT',
    [id, text],
  );
  if (before?.same === true) return;
  await session.query(
    WHAT,
    `INSERT INTO sluice.state_history SELECT id, state_version, state, $2, CASE WHEN $2 IN ('run', 'reset') THEN run_id END, now()
     FROM sluice.stream WHERE id = $1::BIGINT`,
    [id, origin],
  );
  await session.query(
    WHAT,
    `DELETE FROM sluice.state_history h USING (
       SELECT version, row_number() OVER newest AS n, sum(coalesce(strlen(state), 0)) OVER newest AS bytes
       FROM sluice.state_history WHERE stream_id = $1::BIGINT WINDOW newest AS (ORDER BY version DESC)) kept
     WHERE h.stream_id = $1::BIGINT AND h.version = kept.version AND kept.n > 1
       AND (kept.n > ${STATES_KEPT} OR kept.bytes > ${STATES_KEPT_BYTES} OR h."at" < now() - INTERVAL ${STATES_KEPT_DAYS} DAY)`,
    [id],
  );
}
