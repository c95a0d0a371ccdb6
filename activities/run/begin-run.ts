import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import { isTerminal } from '../../libs/contracts/run-state.js';
import type { Catalog } from '../../libs/contracts/stream.js';
import type { BeginRunResult, SyncSettings } from '../../libs/contracts/workflows.js';
import {
  loadRunScope,
  openRunDestination,
  openRunSource,
  pinnedCatalog,
  streamScope,
  type RunScope,
} from '../../libs/runs/run-scope.js';
import {
  addRunStreamWarnings,
  appendRunLog,
  insertRunStreams,
  openRecordFeed,
  pinRun,
  putDocument,
  setRunStreamState,
  transitionRun,
  type Db,
  type Pool,
} from '../../libs/store/index.js';
import type { Source } from '../../libs/contracts/source.port.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import { atOnce } from '../../libs/at-once/index.js';
import { endBackfills, streamsToReset } from './resets.js';
import { openStreamPlan } from './stream-plan.js';

/** Streams that are made ready at the same time: each is a chain of short statements, at two databases. */
const STREAMS_AT_ONCE = 4;

interface Deps {
  pool: Pool;
  opener: ConnectionOpener;
  settings: SyncSettings;
}

/**
 * Pins manifest and catalog, empties what is to be loaded anew, makes every table ready, and plans. Idempotent: a second try finds what
 * the first one did. The run is `queued` until all of it is done, so that a reset that was not carried out is not forgotten.
 */
export async function beginRun({ pool, opener, settings }: Deps, runId: string): Promise<BeginRunResult> {
  const scope = await loadRunScope(pool, runId);
  if (scope === null || isTerminal(scope.run.state)) return { status: 'closed' };
  const { source, manifest } = await openRunSource(pool, opener, scope);
  const destination = await openRunDestination(opener, scope);
  try {
    const catalog = (await pinnedCatalog(pool, scope)) ?? (await pin(pool, scope, source, manifest));
    const resets = await streamsToReset(pool, scope);
    if (scope.changes.size > 0 && destination.capabilities.changes) await openRecordFeed(pool, { syncId: scope.sync.id });
    await insertRunStreams(pool, { runId, streams: scope.spec.streams.map((stream) => stream.name) });
    const streams = await atOnce(STREAMS_AT_ONCE, scope.spec.streams, async ({ name }) => {
      const stream = streamScope(scope, catalog, name);
      await addRunStreamWarnings(pool, { runId, stream: name, warnings: stream.descriptor.warnings });
      if (scope.run.state === 'queued' && resets.has(name)) {
        await destination.reset(stream);
        await endBackfills(pool, destination, stream.ref);
      }
      const opened = await openStreamPlan({ pool, source, destination }, stream);
      await setRunStreamState(pool, { runId, stream: name, state: 'running' });
      return { name, ...opened };
    });
    if ((await transitionRun(pool, { id: runId, to: 'running' })) !== null)
      await appendRunLog(pool, { runId, level: 'info', code: 'run.running', message: 'the run began' });
    return { status: 'ready', settings, streams };
  } finally {
    await Promise.allSettled([source.close(), destination.close()]);
  }
}

async function pin(db: Db, { run }: RunScope, source: Source, manifest: JsonObject | null): Promise<Catalog> {
  const catalog = await source.discover();
  const manifestHash = manifest === null ? null : await putDocument(db, { body: manifest });
  await pinRun(db, { id: run.id, manifestHash, catalogHash: await putDocument(db, { body: catalog }) });
  return catalog;
}
