import type { Source } from '../../libs/contracts/source.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import {
  addRunStreamWarnings,
  appendRunLog,
  claimNextSlices,
  claimSliceAgain,
  getRunStream,
  hasPendingSlices,
  inTransaction,
  insertSlices,
  markSliceFailed,
  markSlicesDone,
  releaseSlices,
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
      snapshots: true,
    });
    await insertSlices(tx, { runId, stream, slices: page.slices });
    if (page.warnings !== undefined && page.warnings.length > 0)
      await addRunStreamWarnings(tx, { runId, stream, warnings: page.warnings });
    await setPlanNext(tx, { runId, stream, next: page.next });
    return page.next === null ? 'complete' : 'more_to_come';
  });
}

/** So many slices are claimed at once at most, where they are small; and so many completions wait to be written down. */
const MOST_AT_ONCE = 50;
/** What is claimed at once should be moved within this time, so that no mover sits on work that another could do. */
const BATCH_MS = 1_000;

/**
 * Slices of the run's plan table, in plan order; first those that earlier attempts of the same mover left. Small ones are claimed and marked in
 * batches: the mark is a hint, the destination knows what is complete, and what a dead attempt held its successor takes over.
 */
export class PlanFeed implements SliceFeed {
  private planComplete = false;
  private waiting: ClaimedSlice[] = [];
  private completed: string[] = [];
  private atOnce = 1;
  private lastClaimed = 0;
  private claimedAt = 0;

  constructor(
    private readonly plan: PlanRequest,
    private readonly owner: SliceOwner,
    private readonly now: () => number = Date.now,
  ) {}

  async claim(): Promise<ClaimedSlice | 'none_yet' | null> {
    if (this.waiting.length === 0) await this.claimMore();
    const next = this.waiting.shift();
    if (next !== undefined) return next;
    return this.planComplete ? null : 'none_yet';
  }

  /** When the slice was taken over meanwhile, whoever has it finds it complete and says so itself. */
  async done(sliceId: string): Promise<void> {
    this.completed.push(sliceId);
    if (this.waiting.length === 0 || this.now() - this.claimedAt > BATCH_MS) await this.writeDown();
  }

  async failed(sliceId: string, { code, detail, details }: SluiceError): Promise<void> {
    const { pool, runId, stream } = this.plan;
    const error = { code, details, ...(detail === undefined ? {} : { detail }) };
    if (!(await markSliceFailed(pool, { runId, stream, sliceId, owner: this.owner, error })))
      throw new SluiceError('STALE_WRITER', { detail: `slice ${sliceId}`, details: { stream } });
    await appendRunLog(pool, {
      runId,
      level: 'warn',
      code,
      stream,
      message: `a slice is given up by this run: ${detail ?? code}`,
      details,
    });
  }

  claimAgain(sliceId: string): Promise<number | null> {
    const { pool, runId, stream } = this.plan;
    return claimSliceAgain(pool, { runId, stream, sliceId, owner: this.owner });
  }

  async close(): Promise<void> {
    const { pool, runId, stream } = this.plan;
    await this.writeDown();
    const sliceIds = this.waiting.splice(0).map(({ slice }) => slice.id);
    if (sliceIds.length > 0) await releaseSlices(pool, { runId, stream, sliceIds, owner: this.owner });
  }

  private async claimMore(): Promise<void> {
    const { pool, runId, stream } = this.plan;
    await this.writeDown(); // before any of them can be claimed anew
    const tookMs = this.now() - this.claimedAt;
    if (tookMs > BATCH_MS) this.atOnce = Math.max(1, Math.floor(this.atOnce / 2));
    else if (tookMs < BATCH_MS / 2 && this.lastClaimed === this.atOnce) this.atOnce = Math.min(this.atOnce * 2, MOST_AT_ONCE);
    if (!this.planComplete) this.planComplete = (await planAhead(this.plan)) === 'complete';
    this.waiting = await claimNextSlices(pool, { runId, stream, owner: this.owner, limit: this.atOnce });
    this.lastClaimed = this.waiting.length;
    this.claimedAt = this.now();
  }

  private async writeDown(): Promise<void> {
    const { pool, runId, stream } = this.plan;
    const sliceIds = this.completed.splice(0);
    if (sliceIds.length > 0) await markSlicesDone(pool, { runId, stream, sliceIds, owner: this.owner });
  }
}
