import type { BudgetAccount, BudgetClass } from '../contracts/budget.port.js';
import type { GateClock } from './clock.js';
import type { ObservedWindow } from './provider-headers.js';
import { afterCall, slotsOf, startOfAimd, type AimdState, type CallOutcome } from './aimd.policy.js';

/** A provider that speaks of its limits does so with every answer: what is shown would be written over. */
const BESIDE_MS = 10_000;

interface Waiter {
  enter: () => void;
}

/** The calls of one account that this process has under way, where no limit is declared: as many as the provider bears. Interactive callers go first. */
export class SlotQueue {
  private state: AimdState = startOfAimd;
  private underWay = 0;
  private readonly waiting: Record<BudgetClass, Waiter[]> = { interactive: [], batch: [] };

  private shown: number | null = null;
  private besideMs = -Infinity;

  constructor(
    readonly account: BudgetAccount,
    private readonly clock: GateClock,
  ) {}

  /** For showing: how many calls this process may have under way, where that changed since it was told and nothing else is told anyway. */
  news(): ObservedWindow | null {
    const limit = slotsOf(this.state);
    if (limit === this.shown || this.clock.nowMs() - this.besideMs < BESIDE_MS) return null;
    return this.window();
  }

  /** The same, to be told with what the provider says. */
  beside(nowMs: number): ObservedWindow[] {
    this.besideMs = nowMs;
    return [this.window()];
  }

  private window(): ObservedWindow {
    const limit = slotsOf(this.state);
    this.shown = limit;
    return { name: 'concurrency', limit, remaining: Math.max(0, limit - this.underWay), resetMs: null };
  }

  /** Waits for a slot; false: there was none by `deadlineMs`. Without anybody waiting it costs no promise of its own. */
  async enter(
    cls: BudgetClass,
    { deadlineMs, signal, waits }: { deadlineMs: number; signal: AbortSignal; waits: { wait(): void } },
  ): Promise<boolean> {
    if (this.underWay < slotsOf(this.state)) {
      this.underWay++;
      return true;
    }
    waits.wait();
    const stop = new AbortController();
    const queue = this.waiting[cls];
    let entered = false;
    const turn = new Promise<void>((resolve) =>
      queue.push({
        enter: () => {
          entered = true;
          resolve();
        },
      }),
    );
    const mine = queue.at(-1) as Waiter;
    const patience = this.clock.sleep(Math.max(0, deadlineMs - this.clock.nowMs()), AbortSignal.any([signal, stop.signal]));
    try {
      await Promise.race([turn, patience]);
    } catch (error) {
      if (entered) this.free();
      throw error;
    } finally {
      stop.abort();
      patience.catch(() => undefined);
      const at = queue.indexOf(mine);
      if (at >= 0) queue.splice(at, 1);
    }
    return entered;
  }

  /** A call that had entered is over. */
  leave(outcome: Omit<CallOutcome, 'busy'>): void {
    const busy = this.underWay >= slotsOf(this.state);
    this.state = afterCall(this.state, { ...outcome, busy });
    this.free();
  }

  /** Another process was refused: this one is part of the load. */
  refusedElsewhere(): void {
    const nowMs = this.clock.nowMs();
    this.state = afterCall(this.state, { kind: 'overloaded', startedMs: nowMs, endedMs: nowMs, busy: true });
  }

  private free(): void {
    this.underWay--;
    while (this.underWay < slotsOf(this.state)) {
      const next = this.waiting.interactive.shift() ?? this.waiting.batch.shift();
      if (next === undefined) return;
      this.underWay++;
      next.enter();
    }
  }
}
