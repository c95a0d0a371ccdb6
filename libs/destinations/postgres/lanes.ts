import type { StreamRef } from '../../contracts/destination.port.js';
import type { ChildTable, Column } from '../../typing/index.js';
import { knownInLanes, shareLayout, type LaneRow } from '../lanes.js';
import { readKnownColumns, recordLayout } from './layout.js';
import type { Session } from './session.js';

/** The rows of all lanes, locked FOR UPDATE in one order, so that two that change the table do not wait for each other in a circle. */
export async function lockLanes(session: Session, ref: StreamRef): Promise<LaneRow[]> {
  return session.query<LaneRow & Record<string, unknown>>(
    `locking the lanes of ${ref.stream}`,
    `SELECT id, lane, loading, reset, schema_version AS "schemaVersion" FROM sluice.stream
     WHERE installation = $1 AND sync_id = $2 AND stream = $3 ORDER BY id FOR UPDATE`,
    [ref.installation, ref.syncId, ref.stream],
  );
}

/** See knownInLanes. */
export const knownColumns = (session: Session, lanes: readonly LaneRow[]): Promise<readonly Column[]> =>
  knownInLanes(lanes, (id) => readKnownColumns(session, id));

/** See shareLayout. */
export const shareColumns = (
  session: Session,
  lanes: readonly LaneRow[],
  own: { id: string; columns: readonly Column[]; children: readonly ChildTable[] },
): Promise<void> =>
  shareLayout(lanes, own, {
    record: (lane, columns) => recordLayout(session, lane, { columns, children: own.children }),
    raise: (id, version) =>
      session.query('sharing the columns', 'UPDATE sluice.stream SET schema_version = $2 WHERE id = $1', [id, version]),
  });
