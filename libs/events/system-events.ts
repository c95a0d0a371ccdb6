import type { Announcement } from '../contracts/announcement.port.js';
import type { SystemEvent } from '../contracts/flow-events.js';
import type { SecretBox } from '../secrets/index.js';
import { setNeedsReauthorization, type DriftSubject, type RunError, type RunRow, type Transaction } from '../store/index.js';
import { storeEvent } from './store-event.js';

interface Sync {
  id: string;
  workspaceId: string;
  name: string;
}

/** Ids, names and codes: nothing of what a provider or a person said. */
type Body = Readonly<Record<string, Readonly<Record<string, string | number | null>>>>;

const store = (
  tx: Transaction,
  secrets: SecretBox,
  event: { workspaceId: string; type: SystemEvent; subject: string; once: string; occurredAt: Date; body: Body },
) => {
  const { once, body, ...rest } = event;
  return storeEvent(tx, secrets, {
    ...{ ...rest, connectionId: null, kind: 'system', dedupeKey: `${event.type} ${once}` },
    body: JSON.stringify(body),
  });
};

/** A run of a sync failed, which the same transaction says. */
export async function storeSyncFailed(
  tx: Transaction,
  secrets: SecretBox,
  { sync, run, error }: { sync: Sync; run: Pick<RunRow, 'id' | 'lane' | 'trigger'>; error: Pick<RunError, 'code' | 'stream'> },
): Promise<void> {
  const { id, workspaceId, name } = sync;
  await store(tx, secrets, {
    ...{ workspaceId, type: 'sync.failed', subject: id, once: run.id, occurredAt: new Date() },
    body: {
      sync: { id, name },
      run: { id: run.id, lane: run.lane, trigger: run.trigger },
      error: { code: error.code, stream: error.stream ?? null },
    },
  });
}

/** A sync missed a time of its schedule, which the same transaction says. */
export async function storeSyncLate(
  tx: Transaction,
  secrets: SecretBox,
  { sync, since, allowanceSeconds }: { sync: Sync; since: Date; allowanceSeconds: number },
): Promise<void> {
  const { id, workspaceId, name } = sync;
  await store(tx, secrets, {
    ...{ workspaceId, type: 'sync.late', subject: id, once: `${id} ${since.toISOString()}`, occurredAt: since },
    body: { sync: { id, name }, schedule: { due_at: since.toISOString(), late_after_seconds: allowanceSeconds } },
  });
}

/** Says of a connection that its credentials were refused, and stores the event, unless that is known or the connection changed after `asOf`. */
export async function markNeedsReauthorization(
  tx: Transaction,
  secrets: SecretBox,
  { code, ...request }: Parameters<typeof setNeedsReauthorization>[1] & { code: string },
): Promise<void> {
  const { id } = request;
  const marked = await setNeedsReauthorization(tx, request);
  if (marked === null) return;
  const { workspaceId, name, connector, revision, since } = marked;
  await store(tx, secrets, {
    ...{ workspaceId, type: 'connection.needs_reauthorization', subject: id, occurredAt: since },
    once: `${id} ${since.toISOString()}`,
    body: { connection: { id, name, connector, revision }, error: { code } },
  });
}

/** A provider announced that an operation will be retired. Once for each announcement (its dates) of a connector, whatever connections and operations say it. */
export async function storeRetirementAnnounced(tx: Transaction, secrets: SecretBox, announcement: Announcement): Promise<void> {
  const { caller, operation, host, deprecatedAt, sunsetAt, deprecationLink, sunsetLink } = announcement;
  const dates = [deprecatedAt, sunsetAt].map((date) => date?.toISOString() ?? null);
  await store(tx, secrets, {
    ...{
      workspaceId: caller.workspaceId,
      type: 'connector.retirement_announced',
      subject: caller.connectionId,
      occurredAt: new Date(),
    },
    once: `${caller.connector} ${dates.join(' ')}`,
    body: {
      connector: { name: caller.connector },
      connection: { id: caller.connectionId },
      operation: { kind: operation.kind, name: operation.name, host },
      retirement: {
        ...{ deprecated_at: dates[0] ?? null, sunset_at: dates[1] ?? null },
        ...{ deprecation_link: deprecationLink, sunset_link: sunsetLink },
      },
    },
  });
}

/** Records or results do not fit their schema in a way that is new. Once for each way of a connector's stream or action, whatever connections have it. */
export async function storeSchemaDrift(
  tx: Transaction,
  secrets: SecretBox,
  drift: DriftSubject & { connector: string; change: string; pointer: string; found: string | null },
): Promise<void> {
  const { workspaceId, connectionId, connector, kind, operation, change, pointer, found } = drift;
  await store(tx, secrets, {
    ...{ workspaceId, type: 'schema.drift', subject: connectionId, occurredAt: new Date() },
    once: [connector, kind, operation, change, pointer, found].join(' '),
    body: {
      connector: { name: connector },
      connection: { id: connectionId },
      operation: { kind, name: operation },
      drift: { change, field: pointer, found },
    },
  });
}
