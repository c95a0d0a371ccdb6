import type { Destination } from '../../libs/contracts/destination.port.js';
import type { Abandon } from '../../libs/contracts/source.port.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import {
  openRunDestination,
  openRunSource,
  pinnedCatalog,
  streamScope,
  type RunScope,
  type StreamScope,
} from '../../libs/runs/run-scope.js';
import {
  appendRunLog,
  listRunStreams,
  reclaimSlices,
  type ClaimedSlice,
  type Pool,
  type RunStreamRow,
} from '../../libs/store/index.js';
import { asSluiceError } from '../support/failures.js';
import { atOnce } from '../../libs/at-once/index.js';

/** A run ends within this time, whatever the source and the destination do. */
const PATIENCE_MS = 30_000;
const SLICES_AT_ONCE = 4;
const SLICES_PER_PAGE = 100;

interface Deps {
  pool: Pool;
  opener: ConnectionOpener;
}

/**
 * Gives up what the run's slices began at the source and nobody will wait for any more. Never throws: what could not be ended is in the run's log,
 * and ends by itself.
 */
export async function abandonJobs({ pool, opener }: Deps, scope: RunScope, patienceMs = PATIENCE_MS): Promise<void> {
  const runId = scope.run.id;
  const late = AbortSignal.timeout(patienceMs);
  const log = (thrown: unknown, stream: string | null): Promise<void> => {
    const { code, message, details } = asSluiceError(thrown);
    const words = `a job at the source may still be under way: ${message}`;
    return appendRunLog(pool, { runId, level: 'warn', code, stream, message: words, details });
  };
  await abandonAll({ pool, opener }, scope, { signal: late, log }).catch((error: unknown) =>
    log(error, null).catch(() => undefined),
  );
}

interface Manner {
  signal: AbortSignal;
  log: (thrown: unknown, stream: string | null) => Promise<void>;
}

async function abandonAll({ pool, opener }: Deps, scope: RunScope, manner: Manner): Promise<void> {
  const catalog = await pinnedCatalog(pool, scope);
  if (catalog === null) return;
  const { signal } = manner;
  const { source } = await openRunSource(pool, opener, scope);
  try {
    if (source.abandon === undefined) return;
    for (const plan of await listRunStreams(pool, { runId: scope.run.id })) {
      const abandon = plan.state === 'finished' ? null : await inTime(source.abandon({ stream: plan.stream }), signal);
      if (abandon === null) continue;
      const destination = await openRunDestination(opener, scope);
      try {
        const stream = streamScope(scope, catalog, plan.stream);
        await inTime(abandonStream({ pool, destination, abandon }, { plan, stream }, manner), signal);
      } finally {
        await destination.close();
      }
    }
  } finally {
    await source.close();
  }
}

async function abandonStream(
  { pool, destination, abandon }: { pool: Pool; destination: Destination; abandon: Abandon },
  { plan, stream }: { plan: RunStreamRow; stream: StreamScope },
  { signal, log }: Manner,
): Promise<void> {
  const key = { runId: plan.runId, stream: plan.stream };
  const giveUp = async ({ slice, claims }: ClaimedSlice): Promise<boolean> => {
    try {
      return await abandonSlice({ destination, abandon }, { ...stream, slice, fence: claims }, signal);
    } catch (error) {
      await log(error, plan.stream);
      return false;
    }
  };
  let ended = 0;
  for (let after = 0; !signal.aborted;) {
    // Before the plan began, the slices are what an earlier run left.
    const { slices, last } = await reclaimSlices(pool, { ...key, all: plan.planNow === null, after, limit: SLICES_PER_PAGE });
    ended += (await atOnce(SLICES_AT_ONCE, slices, giveUp)).filter(Boolean).length;
    if (last === null) break;
    after = last;
  }
  if (ended === 0) return;
  const message = `${plan.stream}: ${ended} jobs at the source were given up`;
  await appendRunLog(pool, { ...key, level: 'info', code: 'stream.jobs_abandoned', message, details: { jobs: ended } });
}

/** Whether there was something to give up. The position first: whoever reads on from there must not find a job that was ended. */
async function abandonSlice(
  { destination, abandon }: { destination: Destination; abandon: Abandon },
  { slice, fence, ref, target }: Parameters<Destination['open']>[0],
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const writer = await destination.open({ ref, target, slice, fence });
  let found: ReturnType<Abandon>;
  try {
    if (writer.completed || writer.position === null) return false;
    found = abandon({ slice, position: writer.position, signal });
    if (found === null) return false;
    await writer.commit(found.position);
  } finally {
    await writer.close();
  }
  if (writer.committedChunks === 0)
    throw new SluiceError('STALE_WRITER', { detail: `slice ${slice.id}`, details: { stream: ref.stream } });
  await found.end();
  return true;
}

function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
