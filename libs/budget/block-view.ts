import type { Block } from './budget.repository.js';
import type { ObservedWindow } from './provider-headers.js';

/** An account's key in the maps of one process. */
export const accountKey = (account: { workspaceId: string; account: string }): string =>
  `${account.workspaceId}/${account.account}`;

/** Several calls in flight are refused in the same words a moment apart: only the first is told to the others. */
const NEWS_MS = 100;

interface Window {
  remaining: number;
  untilMs: number;
}

/**
 * What this process knows of its accounts: until when each is blocked, and how many calls the provider still allows in its window.
 * Times are of the monotonic clock that is passed in. Only ever tightens until the time is over; then it forgets.
 */
export class BlockView {
  private readonly blocks = new Map<string, number>();
  private readonly windows = new Map<string, Map<string, Window>>();

  /** @returns whether this is news: it holds notably longer than what was known. */
  block(block: Block, nowMs: number): boolean {
    const key = accountKey(block);
    const until = nowMs + block.remainingMs;
    const known = this.blocks.get(key) ?? 0;
    this.blocks.set(key, Math.max(until, known));
    return until > known + NEWS_MS;
  }

  observe(key: string, observed: readonly ObservedWindow[], nowMs: number): void {
    for (const { name, remaining, resetMs } of observed) {
      if (remaining === null || resetMs === null || resetMs <= 0) continue;
      let windows = this.windows.get(key);
      if (windows === undefined) this.windows.set(key, (windows = new Map<string, Window>()));
      const known = windows.get(name);
      const open = known !== undefined && known.untilMs > nowMs;
      // answers overtake one another, and calls in flight are not counted yet: within a window the lower number is right
      if (!open || remaining <= known.remaining) windows.set(name, { remaining, untilMs: nowMs + resetMs });
    }
  }

  /** Counts a call against the observed windows. */
  spend(key: string, points: number): void {
    for (const window of this.windows.get(key)?.values() ?? []) window.remaining -= points;
  }

  /** How long the account has to wait from now on; 0: not at all. */
  waitMs(key: string, nowMs: number): number {
    let until = this.blocks.get(key) ?? 0;
    if (until <= nowMs) this.blocks.delete(key);
    const windows = this.windows.get(key);
    if (windows !== undefined) {
      for (const [name, window] of windows) {
        if (window.untilMs <= nowMs) windows.delete(name);
        else if (window.remaining <= 0) until = Math.max(until, window.untilMs);
      }
      if (windows.size === 0) this.windows.delete(key);
    }
    return Math.max(0, until - nowMs);
  }
}
