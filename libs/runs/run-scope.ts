import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import type { Destination, StreamRef, StreamTarget } from '../contracts/destination.port.js';
import type { RecordChangeKind } from '../contracts/flow-events.js';
import type { JsonObject } from '../contracts/json.js';
import type { Source } from '../contracts/source.port.js';
import type { Catalog, StreamDescriptor } from '../contracts/stream.js';
import type { SyncSpec } from '../contracts/sync-spec.schema.js';
import { SluiceError } from '../errors/index.js';
import {
  getDocument,
  getInstallationId,
  getRun,
  getSync,
  getSyncVersion,
  listWantedChanges,
  type Db,
  type RunRow,
  type SyncRow,
} from '../store/index.js';
import { descriptorOf, streamTarget } from './stream-target.js';

/** A run with what it was made from. */
export interface RunScope {
  run: RunRow;
  sync: SyncRow;
  spec: SyncSpec;
  installation: string;
  /** Of which of its streams flows wait for changes, and which. */
  changes: ReadonlyMap<string, readonly RecordChangeKind[]>;
}

/** null: there is no such run (the store was restored from an older copy, say). */
export async function loadRunScope(db: Db, runId: string): Promise<RunScope | null> {
  const run = await getRun(db, { id: runId });
  if (run === null) return null;
  const sync = await getSync(db, { id: run.syncId });
  const version = await getSyncVersion(db, { syncId: run.syncId, version: run.syncVersion });
  if (sync === null || version === null)
    throw new SluiceError('NOT_FOUND', { detail: 'the sync of the run', details: { run: runId } });
  const spec = specOf(run, version.spec);
  const streams = spec.streams.map(({ name }) => name);
  const changes = await listWantedChanges(db, { workspaceId: run.workspaceId, syncId: run.syncId, streams });
  return { run, sync, spec, installation: await getInstallationId(db), changes };
}

/** The part of a sync that a run loads. */
const specOf = ({ streams }: RunRow, spec: SyncSpec): SyncSpec =>
  streams === null ? spec : { ...spec, streams: spec.streams.filter(({ name }) => streams.includes(name)) };

export function streamRef({ run, installation }: RunScope, stream: string): StreamRef {
  return { installation, syncId: run.syncId, stream, lane: run.lane, runId: run.id, epoch: run.epoch };
}

/** The source as the run pinned it; with the documents still to be pinned when the run has not begun. */
export async function openRunSource(
  db: Db,
  opener: ConnectionOpener,
  { run, sync, spec }: Pick<RunScope, 'run' | 'sync'> & { spec: Pick<SyncSpec, 'weight'> },
): Promise<{ source: Source; manifest: JsonObject | null }> {
  const pinned = run.manifestHash === null ? null : ((await getDocument(db, { hash: run.manifestHash })) as JsonObject | null);
  return opener.openSource({
    workspaceId: run.workspaceId,
    connectionId: sync.sourceId,
    share: { name: sync.id, weight: spec.weight ?? 1 },
    ...(pinned === null ? {} : { manifest: pinned }),
  });
}

export function openRunDestination(opener: ConnectionOpener, { run, sync }: RunScope): Promise<Destination> {
  return opener.openDestination({ workspaceId: run.workspaceId, connectionId: sync.destinationId });
}

export async function pinnedCatalog(db: Db, { run }: RunScope): Promise<Catalog | null> {
  return run.catalogHash === null ? null : ((await getDocument(db, { hash: run.catalogHash })) as Catalog | null);
}

export interface StreamScope {
  ref: StreamRef;
  target: StreamTarget;
  descriptor: StreamDescriptor;
}

/** One of the sync's streams with what the catalog says of it. Errors: UNKNOWN_STREAM. */
export function streamScope(scope: RunScope, catalog: Catalog, name: string): StreamScope {
  const stream = scope.spec.streams.find((candidate) => candidate.name === name);
  if (stream === undefined) throw new SluiceError('UNKNOWN_STREAM', { detail: name, details: { stream: name } });
  const descriptor = descriptorOf(catalog, name);
  const changes = scope.changes.get(name);
  const target = { ...streamTarget(scope.spec, stream, descriptor), ...(changes === undefined ? {} : { changes }) };
  return { ref: streamRef(scope, name), target, descriptor };
}
