import { Beside } from '../beside/index.js';
import type { CircuitBreakers, CircuitOutcome, CircuitPass, CircuitRequest } from '../contracts/circuit.port.js';
import { SluiceError } from '../errors/index.js';
import { pause } from '../pause/index.js';
import { openCircuit, openCircuits, renewProbes, settleProbe, takeProbe, type CircuitKey, type Db } from '../store/index.js';
import { afterCall, healthAt, openMs, reasonToOpen, type Health } from './circuit.policy.js';

/** How late a process may learn that another one opened or closed a circuit. */
const READ_EVERY_MS = 1_000;
/** How long the first call waits to learn what is open, where the control plane is slow or down. */
const FIRST_READ_MS = 1_000;
/** Who waits looks again after this at the latest. */
const LOOK_MS = 250;

export interface PgCircuitBreakersOptions {
  db: Db;
  /** Failures that change nothing for the caller. */
  onError: (error: unknown) => void;
  /** Told of what this process opens and closes. */
  onChange?: (facts: { host: string; account: string; state: 'open' | 'closed'; reason: string }) => void;
}

/**
 * Circuits in the control plane, one per account and host. Each process judges by its own calls; a circuit that one opens is open for all within a second. A healthy
 * call asks nothing of the database: what is open is read once a second, while calls are made.
 */
export class PgCircuitBreakers implements CircuitBreakers {
  /** Of circuits that are not closed: when to ask for a probe, on the monotonic clock. */
  private open = new Map<string, number>();
  private readonly health = new Map<string, Health>();
  private readonly writes: Beside;
  /** Probes of this process that are under way. */
  private readonly probing = new Set<CircuitKey>();
  /** Raised with every change made here: what was read before it is old. */
  private changes = 0;
  private first: Promise<void> | undefined;
  private reading: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PgCircuitBreakersOptions) {
    this.writes = new Beside(options.onError);
  }

  async enter(request: CircuitRequest): Promise<CircuitPass> {
    const { host, maxWaitMs, signal } = request;
    const key: CircuitKey = { workspaceId: request.workspaceId, account: request.account, host };
    const name = `${key.workspaceId}/${key.account}/${host}`;
    const deadlineMs = performance.now() + maxWaitMs;
    if (this.timer === undefined) await this.begin();
    for (;;) {
      signal.throwIfAborted();
      const until = this.open.get(name);
      if (until === undefined) return this.pass(name, key);
      let waitMs = until - performance.now();
      if (waitMs <= 0) {
        const probe = await takeProbe(this.options.db, key);
        if (probe.kind === 'granted') return this.probe(name, key, probe.level);
        if (probe.kind === 'closed') {
          this.forget(name);
          continue;
        }
        waitMs = Math.max(probe.remainingMs, LOOK_MS);
        this.open.set(name, performance.now() + waitMs);
      }
      if (performance.now() + waitMs > deadlineMs) throw unavailable(host, waitMs);
      await pause(Math.min(waitMs, LOOK_MS), signal);
    }
  }

  /** Resolves when what was found is written. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.reading;
    await this.writes.settled();
  }

  private pass(name: string, key: CircuitKey): CircuitPass {
    const isStale = (): boolean => this.open.has(name);
    return {
      get stale() {
        return isStale();
      },
      settle: (outcome) => {
        // What was under way when it opened says nothing new.
        if (outcome === 'unknown' || this.open.has(name)) return;
        const nowMs = performance.now();
        const health = afterCall(this.health.get(name) ?? healthAt(nowMs), { broken: outcome === 'broken', nowMs });
        this.health.set(name, health);
        const reason = reasonToOpen(health);
        if (reason !== null) this.trip(name, key, reason);
      },
    };
  }

  private trip(name: string, key: CircuitKey, reason: string): void {
    const ms = openMs(0);
    this.changes++;
    this.open.set(name, performance.now() + ms);
    this.options.onChange?.({ host: key.host, account: key.account, state: 'open', reason });
    this.write(openCircuit(this.options.db, key, { ms, reason }));
  }

  private probe(name: string, key: CircuitKey, level: number): CircuitPass {
    const { db, onChange } = this.options;
    this.probing.add(key);
    const found = (outcome: CircuitOutcome): Promise<void> => {
      this.changes++;
      if (outcome === 'fine') {
        this.forget(name);
        onChange?.({ host: key.host, account: key.account, state: 'closed', reason: 'a probe was answered' });
        return settleProbe(db, key, 'fine');
      }
      const ms = outcome === 'broken' ? openMs(level + 1) : LOOK_MS;
      this.open.set(name, performance.now() + ms);
      return settleProbe(db, key, outcome === 'broken' ? { openMs: ms } : null);
    };
    return {
      stale: false,
      settle: (outcome) => {
        this.probing.delete(key);
        this.write(found(outcome));
      },
    };
  }

  private forget(name: string): void {
    this.open.delete(name);
    this.health.delete(name);
  }

  private write(work: Promise<void>): void {
    this.writes.take(work, { ended: () => this.changes++ });
  }

  /** The first calls wait to learn what is open, a second at most. */
  private async begin(): Promise<void> {
    this.first ??= this.read();
    let patience: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => (patience = setTimeout(resolve, FIRST_READ_MS)));
    await Promise.race([this.first, waited]);
    clearTimeout(patience);
    this.timer ??= setInterval(() => void this.read(), READ_EVERY_MS).unref();
  }

  private read(): Promise<void> {
    this.reading ??= this.load().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async load(): Promise<void> {
    const before = this.changes;
    try {
      if (this.probing.size > 0) await renewProbes(this.options.db, [...this.probing]);
      const rows = await openCircuits(this.options.db);
      if (before !== this.changes || !this.writes.isIdle) return;
      const nowMs = performance.now();
      const names = rows.map((row) => [`${row.workspaceId}/${row.account}/${row.host}`, nowMs + row.remainingMs] as const);
      const known = this.open;
      this.open = new Map(names);
      for (const name of known.keys()) if (!this.open.has(name)) this.health.delete(name);
    } catch (error) {
      this.options.onError(error);
    }
  }
}

const unavailable = (host: string, waitMs: number): SluiceError =>
  new SluiceError('PROVIDER_UNAVAILABLE', { detail: host, details: { host }, retryAt: Math.ceil(Date.now() + waitMs) });
