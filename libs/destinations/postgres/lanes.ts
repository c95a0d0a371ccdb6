import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { SluiceError } from '../../errors/index.js';
import type { Column } from '../../typing/index.js';
import { readKnownColumns, recordLayout } from './layout.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';

/** A stream's row in one lane. All lanes of a stream load one table. */
type LaneRow = Pick<StreamRow, 'id' | 'loading' | 'reset' | 'schemaVersion'> & { lane: string };

const LIVE = 'live';

/** The rows of all lanes, locked FOR UPDATE in one order, so that two that change the table do not wait for each other in a circle. */
export async function lockLanes(session: Session, ref: StreamRef): Promise<LaneRow[]> {
  return session.query<LaneRow & Record<string, unknown>>(
    `locking the lanes of ${ref.stream}`,
    `SELECT id, lane, loading, reset, schema_version AS "schemaVersion" FROM sluice.stream
     WHERE installation = $1 AND sync_id = $2 AND stream = $3 ORDER BY id FOR UPDATE`,
    [ref.installation, ref.syncId, ref.stream],
  );
}

/**
 * Whether a lane beside the live one may load now, and what it loads. Only a merge that compares cursors can be told old from new whoever comes
 * first; and what is merged into a table that a generation is about to replace would be lost. Errors: BACKFILL_NOT_POSSIBLE, BACKFILL_BLOCKED.
 */
export function assertBesideLive(lanes: readonly LaneRow[], ref: StreamRef, target: StreamTarget): void {
  if (ref.lane === LIVE) return;
  if (target.mode !== 'incremental_upsert' || target.cursorField === null || target.deletes !== undefined)
    throw new SluiceError('BACKFILL_NOT_POSSIBLE', { detail: `the stream ${ref.stream}`, details: { stream: ref.stream } });
  const live = lanes.find(({ lane }) => lane === LIVE);
  if (live?.loading === true || live?.reset === true)
    throw new SluiceError('BACKFILL_BLOCKED', {
      detail: `the stream ${ref.stream} is being loaded anew`,
      details: { stream: ref.stream },
    });
}

/** Every column that the stream has or had in any lane: a field has one name. */
export async function knownInLanes(session: Session, lanes: readonly LaneRow[]): Promise<readonly Column[]> {
  const ordered = [...lanes].sort((a, b) => Number(b.lane === LIVE) - Number(a.lane === LIVE));
  const columns = new Map<string, Column>();
  for (const { id } of ordered)
    for (const column of await readKnownColumns(session, id)) {
      const path = JSON.stringify(column.path);
      if (!columns.has(path)) columns.set(path, column);
    }
  return [...columns.values()];
}

/** What one lane made of the table the others take over: their writers are refused at their commits, and read on with the new columns. */
export async function shareLayout(
  session: Session,
  lanes: readonly LaneRow[],
  own: { id: string; columns: readonly Column[] },
): Promise<void> {
  for (const lane of lanes) {
    if (lane.id === own.id || lane.schemaVersion === 0) continue;
    const version = await recordLayout(session, lane, own.columns);
    if (version !== lane.schemaVersion)
      await session.query('sharing the columns', 'UPDATE sluice.stream SET schema_version = $2 WHERE id = $1', [
        lane.id,
        version,
      ]);
  }
}
