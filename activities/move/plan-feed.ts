import type { Source } from '../../libs/contracts/source.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import {
  claimNextSlice,
  getRunStream,
  hasPendingSlices,
  inTransaction,
  insertSlices,
  markSliceDone,
  setPlanNext,
  tryPlanLock,
  type ClaimedSlice,
  type Pool,
  type SliceOwner,
} from '../../libs/store/index.js';
import type { SliceFeed } from './mover-request.js';

export interface PlanRequest {
  pool: Pool;
  source: Source;
  runId: string;
  stream: string;
  incremental: boolean;
}

/** While fewer slices wait, the next page of the plan is fetched: movers should not run dry, and the plan not run far ahead. */
const PENDING_WANTED = 100;

export type Planned = 'complete' | 'more_to_come' | 'someone_else_plans';

/**
 * Adds the plan's next page unless enough slices are waiting; one mover at a time. A crash in between leaves the page to the next one, and the
 * source gives the same slices again.
 */
export async function planAhead({ pool, source, runId, stream, incremental }: PlanRequest): Promise<Planned> {
  return inTransaction(pool, async (tx) => {
    if (!(await tryPlanLock(tx, { runId, stream }))) return 'someone_else_plans';
    const plan = await getRunStream(tx, { runId, stream });
    if (plan === null) throw new SluiceError('INTERNAL', { detail: `the run has no stream ${stream}` });
    // Not begun: what an earlier run left is completed first, and finishStream begins the plan then.
    if (plan.planComplete || plan.planNow === null) return 'complete';
    if (await hasPendingSlices(tx, { runId, stream, atLeast: PENDING_WANTED })) return 'more_to_come';
    const page = await source.slices({
      stream,
      state: plan.planState,
      now: plan.planNow.toISOString(),
      incremental,
      after: plan.planNext,
    });
    await insertSlices(tx, { runId, stream, slices: page.slices });
    await setPlanNext(tx, { runId, stream, next: page.next });
    return page.next === null ? 'complete' : 'more_to_come';
  });
}

/** Slices of the run's plan table, in plan order; first those that earlier attempts of the same mover left. */
export class PlanFeed implements SliceFeed {
  private planComplete = false;

  constructor(
    private readonly plan: PlanRequest,
    private readonly owner: SliceOwner,
  ) {}

  async claim(): Promise<ClaimedSlice | 'none_yet' | null> {
    const { pool, runId, stream } = this.plan;
    if (!this.planComplete) this.planComplete = (await planAhead(this.plan)) === 'complete';
    const claimed = await claimNextSlice(pool, { runId, stream, owner: this.owner });
    if (claimed !== null) return claimed;
    return this.planComplete ? null : 'none_yet';
  }

  /** When the slice was taken over meanwhile, whoever has it finds it complete and says so itself. */
  async done(sliceId: string): Promise<void> {
    const { pool, runId, stream } = this.plan;
    await markSliceDone(pool, { runId, stream, sliceId, owner: this.owner });
  }
}
