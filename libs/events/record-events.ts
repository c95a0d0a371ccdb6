import { recordEventType, recordSubject } from '../contracts/flow-events.js';
import type { RecordChange } from '../contracts/outbox.port.js';
import type { SecretBox } from '../secrets/index.js';
import { inTransaction, type Pool } from '../store/index.js';
import { storeEvent } from './store-event.js';

interface Sync {
  id: string;
  workspaceId: string;
  name: string;
}

/** Stores changes of records as events, all or none; those that are in the inbox already change nothing. */
export function storeRecordEvents(
  { pool, secrets }: { pool: Pool; secrets: SecretBox },
  { sync, changes }: { sync: Sync; changes: readonly RecordChange[] },
): Promise<void> {
  return inTransaction(pool, async (tx) => {
    for (const change of changes)
      await storeEvent(tx, secrets, {
        ...{ workspaceId: sync.workspaceId, connectionId: null, kind: 'record' },
        type: recordEventType(change.change),
        subject: recordSubject({ syncId: sync.id, stream: change.stream }),
        dedupeKey: `record ${sync.id} ${change.stream} ${change.id}`,
        occurredAt: change.at,
        body: bodyOf(sync, change),
      });
  });
}

/** The record's text stays as it is, so that its numbers keep their digits. */
function bodyOf({ id, name }: Sync, { stream, lane, runId, change, record }: RecordChange): string {
  const about = JSON.stringify({ sync: { id, name }, stream, run: { id: runId, lane }, change });
  return `${about.slice(0, -1)},"record":${record}}`;
}
