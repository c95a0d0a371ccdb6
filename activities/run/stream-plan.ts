import type { Destination } from '../../libs/contracts/destination.port.js';
import type { OpenedStream } from '../../libs/contracts/workflows.js';
import { SluiceError } from '../../libs/errors/index.js';
import { isIncremental, mayHoldSnapshot } from '../../libs/runs/stream-target.js';
import type { StreamScope } from '../../libs/runs/run-scope.js';
import {
  beginPlan,
  countSlices,
  firstSlice,
  getRunStream,
  inTransaction,
  insertSlices,
  lockRunStream,
  wantSnapshot,
  type Pool,
} from '../../libs/store/index.js';
import type { Source } from '../../libs/contracts/source.port.js';
import { settling } from './settling.js';
import { planAhead } from '../move/plan-feed.js';

/** More movers than this on one stream gain nothing: the source or the destination is the limit then. */
const MOVERS_PER_STREAM = 4;

export interface StreamPorts {
  pool: Pool;
  source: Source;
  destination: Destination;
}

/** What a stream's open slices are worth. */
type Opened = Omit<OpenedStream, 'name'>;

/** Makes the table ready and begins the stream's plan, or puts first what an earlier run left. Idempotent. */
export async function openStreamPlan({ pool, source, destination }: StreamPorts, { ref, target }: StreamScope): Promise<Opened> {
  const key = { runId: ref.runId, stream: ref.stream };
  const settle = settling(source, { stream: ref.stream, target, plannedAt: null });
  const prepared = await destination.prepare({ ref, target, settle });
  const begun = (await getRunStream(pool, key))?.planNow ?? null;
  if (begun === null && prepared.unfinished.length > 0) {
    await inTransaction(pool, async (tx) => {
      await lockRunStream(tx, key);
      await insertSlices(tx, { ...key, slices: prepared.unfinished });
    });
    return { movers: moversFor(await countSlices(pool, key), true) };
  }
  await beginPlan(pool, { ...key, state: prepared.state, now: new Date() });
  return planMore({ pool, source }, { ref, target });
}

/** Adds to the plan. Where the source is over its budget the movers will plan, and wait. */
export async function planMore(
  { pool, source }: Omit<StreamPorts, 'destination'>,
  { ref, target }: Pick<StreamScope, 'ref' | 'target'>,
): Promise<Opened> {
  const key = { runId: ref.runId, stream: ref.stream };
  const planned = await planAhead({ pool, source, ...key, incremental: isIncremental(target) }).catch((error: unknown) => {
    if (error instanceof SluiceError && error.kind === 'rate_limited') return 'more_to_come';
    throw error;
  });
  const slices = await countSlices(pool, key);
  const movers = moversFor(slices, planned === 'complete');
  const first = mayHoldSnapshot(source, target) ? await firstSlice(pool, key) : null;
  // One slice is one statement, which sees one moment by itself.
  if (first === null || slices.pending + slices.claimed + slices.done < 2) return { movers };
  const bound = source.snapshots?.isBound(first) === true;
  await wantSnapshot(pool, { ...key, bound });
  return { movers, snapshot: { bound } };
}

function moversFor({ pending, claimed }: { pending: number; claimed: number }, complete: boolean): number {
  return complete ? Math.min(MOVERS_PER_STREAM, pending + claimed) : MOVERS_PER_STREAM;
}
