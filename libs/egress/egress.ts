import { Agent, Pool } from 'undici';
import type { BudgetAccount, BudgetClass, BudgetGate, BudgetShare } from '../contracts/budget.port.js';
import type { Announcements } from '../contracts/announcement.port.js';
import type { Caller, CallMeter } from '../contracts/call-meter.port.js';
import type { HttpClient } from '../contracts/http.port.js';
import type { CircuitBreakers } from '../contracts/circuit.port.js';
import { createEgressGuard, portOf, type EgressGuard, type Resolve } from './egress-guard.js';
import type { EgressAllowList } from './allow-list.js';
import { countedBy } from './count-call.js';
import { GuardedHttpClient } from './http-client.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Per origin. More parallel calls than this wait for a connection; budgets are the proper limit. */
const CONNECTIONS_PER_ORIGIN = 32;
/** Idle connections are dropped before most servers drop them (5 s is Node's own default): a race there shows as a reset. */
const KEEP_ALIVE_MS = 4_000;

export interface EgressOptions {
  allow: EgressAllowList;
  gate: BudgetGate;
  /** Sluice's version, for the user agent. */
  version: string;
  /** Default: hosts that do not work are called all the same. */
  circuits?: CircuitBreakers;
  /** Default: calls are not counted. */
  meter?: CallMeter;
  /** Default: nobody listens to what answers say of retirements. */
  announcements?: Announcements;
  /** DNS, replaced in tests. */
  resolve?: Resolve;
}

/** All outgoing HTTP of a process: one set of guarded connections, and a client for each account. */
export class Egress {
  /** Also for TCP targets that are not HTTP. */
  readonly guard: EgressGuard;
  private readonly agent: Agent;
  private readonly single: Agent;
  private readonly gate: BudgetGate;
  private readonly meter: CallMeter | undefined;
  private readonly circuits: CircuitBreakers | undefined;
  private readonly announcements: Announcements | undefined;
  private readonly userAgent: string;

  constructor({ allow, gate, version, meter, circuits, announcements, resolve }: EgressOptions) {
    const guard = createEgressGuard(allow, resolve);
    this.guard = guard;
    this.gate = gate;
    this.meter = meter;
    this.circuits = circuits;
    this.announcements = announcements;
    this.userAgent = `Sluice/${version}`;
    const agent = (kept: Pool.Options): Agent =>
      new Agent({
        factory: (origin, options) =>
          new Pool(origin, {
            ...options,
            ...kept,
            connections: CONNECTIONS_PER_ORIGIN,
            connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guard.lookupFor(portOf(new URL(origin))) },
          }),
      });
    this.agent = agent({ keepAliveTimeout: KEEP_ALIVE_MS });
    this.single = agent({ pipelining: 0 });
  }

  /** A client whose calls count against `account`. `maxWaitMs`: how long a call may wait for its budget before RATE_LIMITED; default 15 s. `caller`: who is said to have made them. `circuits`: false where a host that does not work is called all the same, by a schedule of the caller's own; default true. */
  client(options: {
    account: BudgetAccount;
    class: BudgetClass;
    caller?: Caller;
    share?: BudgetShare;
    maxWaitMs?: number;
    circuits?: boolean;
  }): HttpClient {
    const { guard, agent, single, gate, userAgent, announcements } = this;
    const circuits = options.circuits === false ? undefined : this.circuits;
    const count = options.caller === undefined || this.meter === undefined ? undefined : countedBy(this.meter, options.caller);
    return new GuardedHttpClient({
      maxWaitMs: 15_000,
      ...options,
      guard,
      dispatcher: agent,
      single,
      gate,
      circuits,
      userAgent,
      count,
      ...(announcements && { announcements }),
    });
  }

  /** Ends idle connections at once and running calls with an error. */
  async close(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.single.destroy()]);
  }
}
