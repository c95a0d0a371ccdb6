import type { Destination } from '../../libs/contracts/destination.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import { isIncremental } from '../../libs/runs/stream-target.js';
import type { StreamScope } from '../../libs/runs/run-scope.js';
import {
  beginPlan,
  countSlices,
  getRunStream,
  inTransaction,
  insertSlices,
  lockRunStream,
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

/** Makes the table ready and begins the stream's plan, or puts first what an earlier run left. Idempotent. Returns how many movers it is worth. */
export async function openStreamPlan({ pool, source, destination }: StreamPorts, { ref, target }: StreamScope): Promise<number> {
  const key = { runId: ref.runId, stream: ref.stream };
  const settle = settling(source, { stream: ref.stream, target, plannedAt: null });
  const prepared = await destination.prepare({ ref, target, settle });
  const begun = (await getRunStream(pool, key))?.planNow ?? null;
  if (begun === null && prepared.unfinished.length > 0) {
    await inTransaction(pool, async (tx) => {
      await lockRunStream(tx, key);
      await insertSlices(tx, { ...key, slices: prepared.unfinished });
    });
    return moversFor(await countSlices(pool, key), true);
  }
  await beginPlan(pool, { ...key, state: prepared.state, now: new Date() });
  return planMore({ pool, source }, { ref, target });
}

/** Adds to the plan and returns how many movers what is open is worth. Where the source is over its budget the movers will plan, and wait. */
export async function planMore(
  { pool, source }: Omit<StreamPorts, 'destination'>,
  { ref, target }: Pick<StreamScope, 'ref' | 'target'>,
): Promise<number> {
  const key = { runId: ref.runId, stream: ref.stream };
  const planned = await planAhead({ pool, source, ...key, incremental: isIncremental(target) }).catch((error: unknown) => {
    if (error instanceof SluiceError && error.kind === 'rate_limited') return 'more_to_come';
    throw error;
  });
  return moversFor(await countSlices(pool, key), planned === 'complete');
}

function moversFor({ pending, claimed }: { pending: number; claimed: number }, complete: boolean): number {
  return complete ? Math.min(MOVERS_PER_STREAM, pending + claimed) : MOVERS_PER_STREAM;
}
