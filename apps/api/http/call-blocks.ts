import { takeCall, type CallQuota, type Db } from '../../../libs/store/index.js';

/** A process holds calls of this much time: a hundred hooks of 60,000 calls a minute cost a hundred statements a second, and one of 60 one a call. */
const BLOCK_MS = 1_000;
/** What was not used by then is given up: by then the limit has given it back to all. */
const HELD_MS = 60_000;
/** So long after a block was refused calls are taken one by one: few are left, and other processes want some too. */
const SINGLE_MS = 5_000;
/** More subjects than this are looked through for those that are at rest. */
const MOST_SUBJECTS = 10_000;

interface Held {
  perMinute: number;
  /** Calls that may be made without asking, and until when. */
  left: number;
  until: number;
  singleUntil: number;
  /** Nothing comes back before, whoever asks. */
  refusedUntil: number;
  quota: CallQuota;
  /** Of the quota's answer. */
  at: number;
  asking?: Promise<void> | undefined;
}

/**
 * Limits of calls a minute where a statement a call would be too dear: a process takes some at once, by takeCall, and gives them out from memory. All processes
 * together never allow more than the limit; one that dies loses what it holds.
 */
export class CallBlocks {
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly db: Db,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes one call. Throws what the database throws. */
  async take(limit: { subject: string; perMinute: number }): Promise<CallQuota> {
    const held = this.of(limit);
    for (;;) {
      const now = this.now();
      if (held.refusedUntil > now) return this.said(held, false);
      if (held.left > 0 && held.until > now) {
        held.left -= 1;
        return this.said(held, true);
      }
      held.asking ??= this.ask(held, limit).finally(() => (held.asking = undefined));
      await held.asking;
    }
  }

  private async ask(held: Held, limit: { subject: string; perMinute: number }): Promise<void> {
    const asked = this.now();
    const block = Math.max(1, Math.floor((limit.perMinute * BLOCK_MS) / 60_000));
    let calls = held.singleUntil > asked ? 1 : block;
    let quota = await takeCall(this.db, { ...limit, calls });
    if (!quota.isAllowed && calls > 1) {
      held.singleUntil = asked + SINGLE_MS;
      calls = 1;
      quota = await takeCall(this.db, { ...limit, calls });
    }
    const at = this.now();
    Object.assign(held, { quota, at, left: quota.isAllowed ? calls : 0, until: at + HELD_MS });
    // At least a moment, so that who was refused is told so.
    if (!quota.isAllowed) held.refusedUntil = at + Math.max(1, quota.retryInMs);
  }

  private said({ quota, at, left }: Held, isAllowed: boolean): CallQuota {
    const passed = this.now() - at;
    return {
      isAllowed,
      remaining: quota.remaining + left,
      fullInMs: Math.max(0, quota.fullInMs - passed),
      retryInMs: Math.max(0, quota.retryInMs - passed),
    };
  }

  private of({ subject, perMinute }: { subject: string; perMinute: number }): Held {
    const known = this.held.get(subject);
    if (known?.perMinute === perMinute) return known;
    const quota = { isAllowed: true, remaining: 0, fullInMs: 0, retryInMs: 0 };
    const held: Held = { perMinute, left: 0, until: 0, singleUntil: 0, refusedUntil: 0, quota, at: 0 };
    if (this.held.size >= MOST_SUBJECTS) this.forget();
    this.held.set(subject, held);
    return held;
  }

  private forget(): void {
    const now = this.now();
    for (const [subject, { until, refusedUntil, asking }] of this.held)
      if (asking === undefined && until <= now && refusedUntil <= now) this.held.delete(subject);
  }
}
