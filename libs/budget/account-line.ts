import { SluiceError } from '../errors/index.js';
import type { BudgetAccount, BudgetClass, BudgetShare } from '../contracts/budget.port.js';
import type { BudgetRepository, Grant } from './budget.repository.js';
import type { GateClock } from './clock.js';
import type { SlotQueue } from './slot-queue.js';
import { leaseAhead, leaseSlackMs, pointTimes, rateTerms, type PointTimes } from './gcra.js';

/** No point outlives this: a worker that dies loses at most so much of an account's rate. */
const MAX_POINT_LEASE_MS = 1_000;
/** A slot comes free when somebody settles, and nobody says so across processes: ask again, more and more slowly. */
const SLOT_POLL_MS = { first: 25, most: 500 };
/** When to try again where only a slot is missing, as nobody knows. */
const SLOT_RETRY_MS = 5_000;

/** One call's permission before its time has come. */
export interface Ticket {
  /** On the gate's monotonic clock. */
  notBeforeMs: number;
  leases: readonly string[];
  /** Where the account declares no limit: the slot it holds. */
  queue?: SlotQueue;
}

interface TakeRequest {
  account: BudgetAccount;
  points: number;
  /** Of the line's share. */
  weight?: number;
  deadlineMs: number;
  signal: AbortSignal;
  /** Told when it has to wait. */
  waits: { wait(): void };
}

/** RATE_LIMITED with the time at which another try is worth it. */
export function rateLimited(account: BudgetAccount, retryAt: number): SluiceError {
  return new SluiceError('RATE_LIMITED', { details: { host: account.host }, retryAt: Math.ceil(retryAt) });
}

/** The callers of one account, class and share in this process, served in their order, with the points leased for them. */
export class AccountLine {
  private points: PointTimes[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  private queued = 0;
  /** When whoever is served now will try again: what those behind it know of their own turn. */
  private retryMs = 0;
  private taken: number[] = [];

  constructor(
    private readonly options: {
      repository: BudgetRepository;
      clock: GateClock;
      class: BudgetClass;
      share?: Pick<BudgetShare, 'name'>;
      leaseMs: number;
      /** > 0: points that are paid for must not be used, as the account was blocked since. */
      blockedMs: () => number;
      onBlocked: (remainingMs: number) => void;
    },
  ) {}

  /** Drops what was leased: after a 429 it is worth nothing. */
  drop(): void {
    this.points = [];
  }

  /** Waits its turn and for its points; throws RATE_LIMITED when they come after `deadlineMs`. */
  async take(request: TakeRequest): Promise<Ticket> {
    const before = this.tail;
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    this.tail = Promise.all([before, left]);
    const alone = this.queued++ === 0;
    try {
      if (!alone) await this.turn(before, request);
      return await this.serve(request);
    } finally {
      this.queued--;
      leave();
    }
  }

  /** Waits for those who came before, but no longer than this caller's own deadline. */
  private async turn(before: Promise<unknown>, { account, deadlineMs, signal, waits }: TakeRequest): Promise<void> {
    waits.wait();
    const { clock } = this.options;
    const stop = new AbortController();
    const patience = clock.sleep(Math.max(0, deadlineMs - clock.nowMs()), AbortSignal.any([signal, stop.signal]));
    const late = patience.then(() => {
      throw rateLimited(account, clock.wallMs() + Math.max(0, this.retryMs - clock.nowMs()));
    });
    late.catch(() => undefined);
    try {
      await Promise.race([before, late]);
    } finally {
      stop.abort();
    }
  }

  private async serve({ account, points, weight = 1, deadlineMs, signal, waits }: TakeRequest): Promise<Ticket> {
    const { clock } = this.options;
    for (let polls = 0; ; polls++) {
      signal.throwIfAborted();
      const kept = this.fromKept(points);
      if (kept !== undefined) return { notBeforeMs: kept, leases: [] };
      const askedMs = clock.nowMs();
      const grant = await this.ask(account, points, weight);
      if (grant.granted > 0) return this.keep(account, grant, points, askedMs);
      if (grant.blockedMs > 0) this.options.onBlocked(grant.blockedMs);
      const slotPoll = Math.min(SLOT_POLL_MS.most, SLOT_POLL_MS.first * 2 ** Math.min(polls, 8));
      const waitMs = Math.max(1, grant.retryMs ?? slotPoll);
      if (clock.nowMs() + waitMs > deadlineMs) {
        throw rateLimited(account, clock.wallMs() + (grant.retryMs ?? SLOT_RETRY_MS));
      }
      this.retryMs = clock.nowMs() + waitMs;
      waits.wait();
      // the others wait behind this one: first come, first served
      await clock.sleep(waitMs, signal);
    }
  }

  private async ask(account: BudgetAccount, points: number, weight: number): Promise<Grant> {
    const { share } = this.options;
    const slackMs = leaseSlackMs(account.limits);
    const ahead = leaseAhead({ recentPerSecond: this.recentPerSecond(), slackMs });
    try {
      return await this.options.repository.take({
        account,
        class: this.options.class,
        need: points,
        want: points + ahead,
        leaseMs: this.options.leaseMs,
        ...(share === undefined ? {} : { share: { ...share, weight, more: this.queued > 1 } }),
      });
    } catch (cause) {
      // without the database nobody knows what others spend, and no call goes out without a token
      throw new SluiceError('STORE_UNAVAILABLE', { detail: 'the budget of the account cannot be read', cause });
    }
  }

  /** Takes `points` of a grant for the caller and keeps the rest. */
  private keep(account: BudgetAccount, grant: Grant, points: number, askedMs: number): Ticket {
    const nowMs = this.options.clock.nowMs();
    const rates = account.limits.flatMap((limit) =>
      limit.kind === 'rate' ? [{ ...rateTerms(limit, this.options.class), tatMs: grant.tatMs[limit.name] ?? 0 }] : [],
    );
    const times = pointTimes({
      granted: grant.granted,
      rates,
      slackMs: leaseSlackMs(account.limits),
      maxLeaseMs: MAX_POINT_LEASE_MS,
    });
    // the grant was made between asking and now: not before counts from now, expiry from when it was asked for
    const local = times.map((time) => ({ notBeforeMs: nowMs + time.notBeforeMs, expiresMs: askedMs + time.expiresMs }));
    this.points = local.slice(points);
    this.count(points);
    return { notBeforeMs: local[points - 1]?.notBeforeMs ?? nowMs, leases: grant.leases };
  }

  private fromKept(points: number): number | undefined {
    const nowMs = this.options.clock.nowMs();
    if (this.options.blockedMs() > 0) this.drop();
    // a point that cannot be reached in time any more is lost: under-use, never over-use
    this.points = this.points.filter((point) => point.expiresMs > nowMs);
    if (this.points.length < points) return undefined;
    const used = this.points.splice(0, points);
    this.count(points);
    return Math.max(...used.map((point) => point.notBeforeMs));
  }

  private count(points: number): void {
    const nowMs = this.options.clock.nowMs();
    for (let i = 0; i < Math.min(points, 100); i++) this.taken.push(nowMs);
  }

  private recentPerSecond(): number {
    const since = this.options.clock.nowMs() - 1_000;
    this.taken = this.taken.filter((at) => at > since);
    return this.taken.length;
  }
}
