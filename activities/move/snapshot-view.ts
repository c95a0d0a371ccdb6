import { getSnapshot, type Pool } from '../../libs/store/index.js';
import { sayOfSnapshot } from '../snapshot/say.js';
import type { SliceView, SnapshotFeed } from './mover-request.js';

/** For the holder: its start, or a successor's when its worker has died. */
const LONGEST_WAIT_MS = 30_000;

/** The snapshot that the run holds for the stream, as the plan says now. */
export class HeldView implements SnapshotFeed {
  private lost: string | undefined;
  private waitingSince: number | undefined;

  constructor(
    private readonly plan: { pool: Pool; runId: string; stream: string },
    private readonly now: () => number = Date.now,
  ) {}

  async view(): Promise<SliceView | 'none_yet'> {
    const { pool, runId, stream } = this.plan;
    const held = await getSnapshot(pool, { runId, stream });
    if (held === null || (held.refused && held.id === null)) return { snapshot: undefined, bound: false };
    if (held.id !== null && held.id !== this.lost) {
      this.waitingSince = undefined;
      return { snapshot: held.id, bound: held.bound };
    }
    this.waitingSince ??= this.now();
    if (held.bound || this.now() - this.waitingSince < LONGEST_WAIT_MS) return 'none_yet';
    await sayOfSnapshot(pool, this.plan, {
      code: 'snapshot.absent',
      message: 'nobody held a snapshot for a while: a slice was read as of its own moment',
    });
    this.waitingSince = undefined;
    return { snapshot: undefined, bound: false };
  }

  async isCurrent({ snapshot, bound }: SliceView): Promise<boolean> {
    return !bound || (await getSnapshot(this.plan.pool, this.plan))?.id === snapshot;
  }

  isGone(snapshot: string): void {
    this.lost = snapshot;
  }
}
