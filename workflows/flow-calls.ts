import { CancellationScope, condition, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { CallResult, FlowCarry, UndoResult } from '../libs/contracts/flow-workflow.js';
import { nextLookMs } from './scheduled-sync.policy.js';

interface Options {
  /** Whether the history is long enough to go on in a new one. */
  isLong: () => boolean;
  report: (state: 'running' | 'waiting') => Promise<void>;
}

type Ended = 'succeeded' | 'failed' | 'long';

/** The calls of a flow's steps, each until it has ended; of those at once some may wait for a person. */
export class FlowCalls {
  /** Signals so far, and calls that wait for one. */
  private signals = 0;
  private waiting = 0;

  constructor(private readonly options: Options) {}

  /** A person said what became of a call. */
  resolved(): void {
    this.signals += 1;
  }

  /** Makes the calls of a step, some at once. null: all have ended, or one failed; else where a new history goes on. */
  async each(request: {
    items: number;
    at: Pick<FlowCarry, 'item' | 'open'>;
    parallel: number;
    stopOnFailure: boolean;
    name: string;
    call: (item: number) => Promise<CallResult>;
  }): Promise<Pick<FlowCarry, 'item' | 'open'> | null> {
    const { items, at, parallel, stopOnFailure, call } = request;
    setCurrentDetails(request.name);
    const again = [...at.open];
    const open: number[] = [];
    let next = at.item;
    let failed = false;
    const take = (): number | undefined => {
      if (failed || CancellationScope.current().consideredCancelled || this.options.isLong()) return undefined;
      return again.shift() ?? (next < items ? next++ : undefined);
    };
    const mover = async (): Promise<void> => {
      for (let item = take(); item !== undefined; item = take()) {
        const number = item;
        const ended = await this.untilEnded(() => call(number));
        if (ended === 'long') open.push(number);
        failed ||= ended === 'failed' && stopOnFailure;
      }
    };
    const movers = await Promise.allSettled(Array.from({ length: Math.min(parallel, items) }, mover));
    for (const ended of movers) if (ended.status === 'rejected') throw ended.reason;
    await cancelledHere();
    if (failed) return null;
    open.push(...again);
    return open.length > 0 || next < items ? { item: next, open } : null;
  }

  /** Calls until there is none. */
  async all(name: string, call: () => Promise<UndoResult>): Promise<'done' | 'long'> {
    setCurrentDetails(name);
    for (let isLeft = true; isLeft;) {
      if (this.options.isLong()) return 'long';
      const ended = await this.untilEnded(async () => {
        const result = await call();
        if (result.status !== 'none') return result;
        isLeft = false;
        return { status: 'succeeded' };
      });
      if (ended === 'long') return 'long';
    }
    return 'done';
  }

  /** A call that is under way is not cut off by a cancellation: what it did would not be known. */
  private async untilEnded(call: () => Promise<CallResult>): Promise<Ended> {
    for (let looks = 0; ;) {
      const seen = this.signals;
      const result = await CancellationScope.nonCancellable(call);
      switch (result.status) {
        case 'succeeded':
        case 'failed':
          return result.status;
        case 'wait':
          await sleep(Math.max(1, result.until - Date.now()));
          break;
        case 'unknown':
          if (this.options.isLong()) return 'long';
          await this.forPerson(seen, looks);
          looks += 1;
          break;
        default: {
          const never: never = result;
          throw new Error(`unknown result ${String(never)}`);
        }
      }
    }
  }

  /** Until somebody tells us, or it is time to look whether somebody could not. */
  private async forPerson(seen: number, looks: number): Promise<void> {
    this.waiting += 1;
    try {
      if (this.waiting === 1) await this.options.report('waiting');
      await condition(() => this.signals > seen, nextLookMs(looks) * 5);
    } finally {
      this.waiting -= 1;
    }
    if (this.waiting === 0) await this.options.report('running');
  }
}

/** A cancellation of the flow ends its step here, when what was under way has ended. */
async function cancelledHere(): Promise<void> {
  if (CancellationScope.current().consideredCancelled) await CancellationScope.current().cancelRequested;
}
