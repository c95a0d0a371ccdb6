import type { Pool } from 'pg';
import type {
  BudgetAccount,
  BudgetCaller,
  BudgetClass,
  BudgetGate,
  BudgetPermit,
  BudgetShare,
} from '../contracts/budget.port.js';
import { AccountLine, rateLimited, type Ticket } from './account-line.js';
import { afterRefusal, afterSuccess, blockAfter, staggerMs, troubleLevel, type Trouble } from './block.policy.js';
import { BlockFeed } from './block-feed.js';
import { accountKey, BlockView } from './block-view.js';
import { BudgetRepository, type Block } from './budget.repository.js';
import { systemClock, type GateClock } from './clock.js';
import { LeaseKeeper } from './lease-keeper.js';
import { forPolicy } from './policy-account.js';
import { Presence, type CallMark } from './presence.js';
import { parseProviderHeaders } from './provider-headers.js';
import { Reporter } from './reporter.js';
import { SlotQueue } from './slot-queue.js';

/** Of a slot whose process died, others know after this time. */
const LEASE_MS = 60_000;
/** How long the first call waits to learn what is blocked, where the control plane is slow or down. */
const FIRST_READ_MS = 1_000;

/** When to try again where all slots are taken, as nobody knows. */
const SLOT_RETRY_MS = 5_000;
/** A slot that was given back unused. */
const UNSENT = { kind: 'unknown', startedMs: 0, endedMs: 0 } as const;

/** What a call holds. */
interface Taken {
  key: string;
  /** The account, with the limits that this call counts against. */
  counted: BudgetAccount;
  ticket: Ticket;
  mark: CallMark;
}

export interface PgBudgetGateOptions {
  /** The control plane. The listener makes one connection of its own with the pool's settings. */
  pool: Pool;
  /** Lifetime of a concurrency lease, renewed at a third of it; default 60 s. */
  leaseMs?: number;
  clock?: GateClock;
  /** Failures that change nothing for the caller: a report or a release that did not reach the database. Default: nobody is told. */
  onError?: (error: unknown) => void;
}

/** BudgetGate over the control plane's PostgreSQL: one per process. Errors of acquire: RATE_LIMITED, STORE_UNAVAILABLE, the signal's reason. */
export class PgBudgetGate implements BudgetGate {
  private readonly clock: GateClock;
  private readonly repository: BudgetRepository;
  private readonly view = new BlockView();
  private readonly feed: BlockFeed;
  private readonly leases: LeaseKeeper;
  private readonly reporter: Reporter;
  private readonly lines = new Map<string, AccountLine>();
  private readonly waiting = new Map<string, number>();
  private readonly troubles = new Map<string, Trouble>();
  /** Of accounts without declared limits. */
  private readonly queues = new Map<string, SlotQueue>();
  private readonly presence: Presence;
  private begun = false;

  constructor(options: PgBudgetGateOptions) {
    const onError = options.onError ?? (() => undefined);
    this.clock = options.clock ?? systemClock;
    this.repository = new BudgetRepository(options.pool);
    this.leases = new LeaseKeeper({
      repository: this.repository,
      leaseMs: options.leaseMs ?? LEASE_MS,
      nowMs: () => this.clock.nowMs(),
      onError,
    });
    this.reporter = new Reporter({ repository: this.repository, nowMs: () => this.clock.nowMs(), onError });
    this.presence = new Presence({ pool: options.pool, nowMs: () => this.clock.nowMs(), onError });
    this.feed = new BlockFeed({
      pool: options.pool,
      onBlock: (block) => this.learnBlock(block),
      onError,
      onTick: async () => {
        this.reportSlots();
        await this.reporter.flush();
        await this.leases.renew();
        await this.presence.publish();
      },
    });
  }

  async acquire(request: {
    account: BudgetAccount;
    class: BudgetClass;
    share?: BudgetShare;
    policy?: string;
    points?: number;
    by?: BudgetCaller;
    maxWaitMs: number;
    signal: AbortSignal;
  }): Promise<BudgetPermit> {
    const { account, signal } = request;
    // A policy has points of its own; what blocks one of them blocks the account.
    const counted = forPolicy(account, request.policy);
    const own = accountKey(counted);
    const points = Math.max(1, Math.ceil(request.points ?? 1));
    const deadlineMs = this.clock.nowMs() + request.maxWaitMs;
    const key = accountKey(account);
    signal.throwIfAborted();
    if (!this.begun) await this.begin(signal);
    const mark = this.presence.mark(counted, request);
    try {
      return await this.admit({ ...request, counted, own, key, points, deadlineMs, mark });
    } catch (error) {
      mark.gone();
      throw error;
    }
  }

  private async admit(request: {
    account: BudgetAccount;
    /** The account with the limits that count, and its key. */
    counted: BudgetAccount;
    own: string;
    key: string;
    class: BudgetClass;
    share?: BudgetShare;
    points: number;
    deadlineMs: number;
    signal: AbortSignal;
    mark: CallMark;
  }): Promise<BudgetPermit> {
    const { account, counted, own, key, points, deadlineMs, signal, mark } = request;
    for (;;) {
      await this.outlastBlock({ account, own, deadlineMs, signal, mark });
      const ticket =
        counted.limits.length === 0
          ? await this.enter(account, key, request)
          : await this.line(own, request.class, request.share?.name).take({
              account: counted,
              points,
              weight: request.share?.weight ?? 1,
              deadlineMs,
              signal,
              waits: mark,
            });
      this.leases.hold(ticket.leases);
      try {
        const waitMs = ticket.notBeforeMs - this.clock.nowMs();
        if (waitMs > 0) {
          mark.wait();
          await this.clock.sleep(waitMs, signal);
        }
        signal.throwIfAborted();
      } catch (error) {
        this.leave(ticket, UNSENT);
        await this.leases.release(ticket.leases);
        throw error;
      }
      if (this.waitMs(account, own) === 0) {
        this.view.spend(own, points);
        if (ticket.leases.length > 0 || ticket.queue !== undefined) mark.hold();
        else mark.gone();
        return this.permit(account, { key, counted, ticket, mark });
      }
      // a 429 arrived while this one waited for its turn: what it holds was granted before
      this.leave(ticket, UNSENT);
      await this.leases.release(ticket.leases);
    }
  }

  /** Ends the listener and gives back what is still held. Calls in flight may settle later; their leases run out by themselves. */
  async close(): Promise<void> {
    await this.feed.close();
    this.reportSlots();
    await this.reporter.flush();
    await this.leases.close();
    await this.presence.close();
  }

  private permit(account: BudgetAccount, { key, counted, ticket, mark }: Taken): BudgetPermit {
    const startedMs = this.clock.nowMs();
    let settled = false;
    return {
      settle: async ({ status: answered, headers, timedOut = false }) => {
        if (settled) return;
        settled = true;
        mark.gone();
        const refused = answered !== null && account.limitStatuses?.includes(answered) === true;
        const status = refused ? 429 : answered;
        const releasing = this.leases.release(ticket.leases);
        const nowMs = this.clock.nowMs();
        const kind = outcomeOf(status, timedOut);
        this.leave(ticket, { kind, startedMs, endedMs: nowMs });
        const word = parseProviderHeaders(headers, this.clock.wallMs(), account.headerNames);
        this.view.observe(accountKey(counted), word.windows, nowMs);
        const last = this.troubles.get(key);
        // a refusal of a call that was under way when the last one came says the same again, not that a longer wait is needed
        const level = last !== undefined && startedMs < last.sinceMs ? last.level - 1 : troubleLevel(last, nowMs);
        const blockMs = blockAfter({ status, word, level });
        let news = false;
        if (kind === 'answered') this.calm(key, { last, startedMs });
        if (blockMs !== null) {
          news = this.view.block({ ...account, remainingMs: blockMs }, nowMs);
          if (status === 429) this.troubles.set(key, afterRefusal({ last, startedMs, nowMs, blockMs }));
          for (const line of this.linesOf(key)) line.drop();
        }
        const own = accountKey(counted);
        const slots = word.windows.length > 0 ? (ticket.queue?.beside(nowMs) ?? []) : [];
        const said = { blockMs: news ? blockMs : null, windows: [...word.windows, ...slots] };
        await Promise.all([
          releasing,
          this.reporter.report({ account: counted, key: own, ...said }),
          // the block is the account's, so that it holds for its other policies too
          own === key || !news ? undefined : this.reporter.report({ account, key, blockMs, windows: [] }),
        ]);
      },
    };
  }

  private calm(key: string, answered: { last: Trouble | undefined; startedMs: number }): void {
    const next = afterSuccess(answered);
    if (next === undefined) this.troubles.delete(key);
    else this.troubles.set(key, next);
  }

  /** A slot of an account that declares no limit. */
  private async enter(
    account: BudgetAccount,
    key: string,
    { class: cls, deadlineMs, signal, mark }: { class: BudgetClass; deadlineMs: number; signal: AbortSignal; mark: CallMark },
  ): Promise<Ticket> {
    let queue = this.queues.get(key);
    if (queue === undefined) this.queues.set(key, (queue = new SlotQueue(account, this.clock)));
    if (!(await queue.enter(cls, { deadlineMs, signal, waits: mark })))
      throw rateLimited(account, this.clock.wallMs() + SLOT_RETRY_MS);
    return { notBeforeMs: 0, leases: [], queue };
  }

  private leave({ queue }: Ticket, outcome: Parameters<SlotQueue['leave']>[0]): void {
    queue?.leave(outcome);
  }

  private *linesOf(key: string): Generator<AccountLine> {
    for (const [name, line] of this.lines) if (name.startsWith(`${key}/`)) yield line;
  }

  private learnBlock(block: Block): void {
    const news = this.view.block(block, this.clock.nowMs());
    // other processes' calls are part of the load that was too much
    if (news) this.queues.get(accountKey(block))?.refusedElsewhere();
  }

  private reportSlots(): void {
    for (const [key, queue] of this.queues) {
      const window = queue.news();
      if (window !== null) void this.reporter.report({ account: queue.account, key, blockMs: null, windows: [window] });
    }
  }

  /** `own`: the key of the policy's allowance, or the account's own. */
  private waitMs(account: BudgetAccount, own: string): number {
    const [key, nowMs] = [accountKey(account), this.clock.nowMs()];
    const waitMs = this.view.waitMs(key, nowMs);
    return own === key ? waitMs : Math.max(waitMs, this.view.waitMs(own, nowMs));
  }

  private async outlastBlock(request: {
    account: BudgetAccount;
    own: string;
    deadlineMs: number;
    signal: AbortSignal;
    mark: CallMark;
  }): Promise<void> {
    const { account, own, deadlineMs, signal, mark } = request;
    const key = accountKey(account);
    for (;;) {
      const waitMs = this.waitMs(account, own);
      if (waitMs === 0) return;
      const wall = this.clock.wallMs();
      if (this.clock.nowMs() + waitMs > deadlineMs) throw rateLimited(account, wall + waitMs);
      const index = this.waiting.get(key) ?? 0;
      this.waiting.set(key, index + 1);
      mark.wait();
      try {
        await this.clock.sleep(waitMs + staggerMs({ index, random: this.clock.random() }), signal);
      } finally {
        const left = (this.waiting.get(key) ?? 1) - 1;
        if (left === 0) this.waiting.delete(key);
        else this.waiting.set(key, left);
      }
    }
  }

  private line(key: string, cls: BudgetClass, asked: string | undefined): AccountLine {
    // Interactive callers share nothing: they are few, and go first.
    const share = cls === 'batch' ? asked : undefined;
    const name = `${key}/${cls}/${share ?? ''}`;
    let line = this.lines.get(name);
    if (line === undefined) {
      line = new AccountLine({
        repository: this.repository,
        clock: this.clock,
        class: cls,
        ...(share === undefined ? {} : { share: { name: share } }),
        leaseMs: this.leases.leaseMs,
        blockedMs: () => this.view.waitMs(key, this.clock.nowMs()),
        onBlocked: (remainingMs) => this.blockKey(key, remainingMs),
      });
      this.lines.set(name, line);
    }
    return line;
  }

  private blockKey(key: string, remainingMs: number): void {
    const at = key.indexOf('/');
    this.view.block({ workspaceId: key.slice(0, at), account: key.slice(at + 1), remainingMs }, this.clock.nowMs());
  }

  /** The first calls wait to learn what is blocked, a second at most. */
  private async begin(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const patience = this.clock.sleep(FIRST_READ_MS, AbortSignal.any([signal, stop.signal]));
    try {
      await Promise.race([this.feed.start(), patience]);
      this.begun = true;
    } finally {
      patience.catch(() => undefined);
      stop.abort();
    }
  }
}

/** What an answer, or none, says of the load. */
function outcomeOf(status: number | null, timedOut: boolean): 'answered' | 'overloaded' | 'unknown' {
  if (status === null) return timedOut ? 'overloaded' : 'unknown';
  return status === 429 || status === 503 ? 'overloaded' : 'answered';
}
