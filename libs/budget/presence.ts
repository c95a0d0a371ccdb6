import { randomUUID } from 'node:crypto';
import type { BudgetAccount, BudgetCaller, BudgetClass, BudgetShare } from '../contracts/budget.port.js';
import { forgetBudgetCalls, showBudgetCalls, type BudgetCallEntry, type Pool } from '../store/index.js';
import { accountKey } from './block-view.js';

/** So many groups of calls are shown of a process at most; those that wait longest first. */
const MOST_ENTRIES = 200;

interface Marked {
  class: BudgetClass;
  share?: BudgetShare;
  by?: BudgetCaller;
}

/** What one call tells of itself. */
interface Marks {
  readonly present: Set<CallMark>;
  /** Callers that waited since this was last told, and do not now, with how long ago their last wait began. */
  readonly waited: Map<string, { mark: Pick<CallMark, 'account' | 'call'>; sinceMs: number }>;
  nowMs: () => number;
}

/** One call on its way through the gate. Nothing is kept of it until it waits or holds a slot. */
export class CallMark {
  state: BudgetCallEntry['state'] | undefined;
  sinceMs = 0;

  constructor(
    readonly account: BudgetAccount,
    readonly call: Marked,
    private readonly marks: Marks,
  ) {}

  /** It has to wait; said again, it still does. */
  wait(): void {
    this.become('waiting');
  }

  /** It has the slot that others may wait for. */
  hold(): void {
    this.become('holding');
  }

  gone(): void {
    if (this.state === undefined) return;
    this.noteWait();
    this.marks.present.delete(this);
    this.state = undefined;
  }

  private become(state: BudgetCallEntry['state']): void {
    if (this.state === state || this.call.by === undefined) return;
    if (this.state === undefined) this.marks.present.add(this);
    else this.noteWait();
    this.state = state;
    this.sinceMs = this.marks.nowMs();
  }

  private noteWait(): void {
    const { waited } = this.marks;
    if (this.state !== 'waiting' || waited.size >= MOST_ENTRIES) return;
    waited.set(groupOf('waiting', this), { mark: { account: this.account, call: this.call }, sinceMs: this.sinceMs });
  }
}

/**
 * Which calls of this process wait for budgets, and which hold slots of one: shown to others once a second, in one row that is written over. A process
 * in which nobody waits and no declared slot is held writes nothing.
 */
export class Presence {
  private readonly process = randomUUID();
  private readonly marks: Marks;
  private shown = false;

  constructor(private readonly options: { pool: Pool; nowMs: () => number; onError: (error: unknown) => void }) {
    this.marks = { present: new Set(), waited: new Map(), nowMs: options.nowMs };
  }

  /** `account`: with the limits that count. */
  mark(account: BudgetAccount, call: Marked): CallMark {
    return new CallMark(account, call, this.marks);
  }

  /** To be called about once a second. Never rejects: it is for the eye. */
  async publish(): Promise<void> {
    const entries = groupCalls(this.marks);
    this.marks.waited.clear();
    if (entries.length === 0 && !this.shown) return;
    try {
      if (entries.length === 0) await forgetBudgetCalls(this.options.pool, { process: this.process });
      else await showBudgetCalls(this.options.pool, { process: this.process, entries });
      this.shown = entries.length > 0;
    } catch (error) {
      this.options.onError(error);
    }
  }

  async close(): Promise<void> {
    this.marks.present.clear();
    this.marks.waited.clear();
    await this.publish();
  }
}

const groupOf = (state: string, { account, call }: Pick<CallMark, 'account' | 'call'>): string =>
  [
    ...[state, accountKey(account), call.class, call.by?.connectionId, call.share?.name],
    ...[call.by?.operation?.kind, call.by?.operation?.name],
  ].join(' ');

/** Calls of one caller together. Slots that no limit declares are the process's own: they are shown only where somebody waits for them. */
function groupCalls({ present, waited, nowMs }: Marks): BudgetCallEntry[] {
  const now = nowMs();
  const waitedFor = new Set<string>();
  for (const { mark } of waited.values()) waitedFor.add(accountKey(mark.account));
  for (const { state, account } of present) if (state === 'waiting') waitedFor.add(accountKey(account));
  const groups = new Map<string, BudgetCallEntry>();
  for (const mark of present) {
    const { state, account } = mark;
    if (state === undefined) continue;
    if (state === 'holding' && account.limits.length === 0 && !waitedFor.has(accountKey(account))) continue;
    const key = groupOf(state, mark);
    const known = groups.get(key);
    const ageMs = Math.max(0, now - mark.sinceMs);
    if (known === undefined) groups.set(key, entryOf(mark, { state, calls: 1, ageMs }));
    else Object.assign(known, { calls: known.calls + 1, ageMs: Math.max(known.ageMs, ageMs) });
  }
  for (const [key, { mark, sinceMs }] of waited)
    if (!groups.has(key)) groups.set(key, entryOf(mark, { state: 'waiting', calls: 0, ageMs: Math.max(0, now - sinceMs) }));
  const oldest = [...groups.values()].sort((a, b) => b.ageMs - a.ageMs);
  const inState = (wanted: string) => oldest.filter(({ state }) => state === wanted);
  return [...inState('waiting'), ...inState('holding')].slice(0, MOST_ENTRIES);
}

const entryOf = (
  { account, call }: Pick<CallMark, 'account' | 'call'>,
  seen: Pick<BudgetCallEntry, 'state' | 'calls' | 'ageMs'>,
): BudgetCallEntry => ({
  ...{ workspaceId: account.workspaceId, account: account.account, class: call.class, ...seen },
  ...{ connectionId: call.by?.connectionId ?? '', syncId: call.share?.name ?? null, weight: call.share?.weight ?? null },
  ...{ kind: call.by?.operation?.kind ?? null, operation: call.by?.operation?.name ?? null },
});
