import { ENTITIES, type Entity } from './entities.js';

/** What was asked and answered. A request counts once, under its outcome. */
export interface Counts {
  requests: number;
  ok: number;
  /** Records in complete answers, and the bytes of those answers. */
  rows: number;
  bytes: number;
  r401: number;
  r429: number;
  /** Other refusals: a bad parameter, an unknown path, a refused cursor. */
  r4xx: number;
  r5xx: number;
  /** Faults injected on demand, statuses included. */
  faults: number;
  /** Answers that the client did not wait for. */
  aborted: number;
  /** Different path and query; asked again (for whatever reason); and asked again after it had been answered completely. */
  distinct: number;
  repeated: number;
  refetched: number;
  /** Calls more than a second after a 429 and before the moment that its Retry-After named. */
  calls_after_429: number;
  inflight: number;
  max_inflight: number;
}

export interface StatsSnapshot {
  readonly since: string;
  readonly totals: Counts;
  readonly entities: Record<Entity, Counts>;
}

type Increment = 'ok' | 'r401' | 'r429' | 'r4xx' | 'r5xx' | 'faults' | 'aborted' | 'calls_after_429';

const zero = (): Counts => ({
  requests: 0,
  ok: 0,
  rows: 0,
  bytes: 0,
  r401: 0,
  r429: 0,
  r4xx: 0,
  r5xx: 0,
  faults: 0,
  aborted: 0,
  distinct: 0,
  repeated: 0,
  refetched: 0,
  calls_after_429: 0,
  inflight: 0,
  max_inflight: 0,
});

const perEntity = (): Record<Entity, Counts> =>
  Object.fromEntries(ENTITIES.map((entity) => [entity, zero()])) as Record<Entity, Counts>;

/** Counts since the last reset; requests in flight survive it. */
export class Stats {
  private totals = zero();
  private entities = perEntity();
  /** Path and query → whether it was answered completely. */
  private readonly answered = new Map<string, boolean>();
  private sinceMs = Date.now();

  begin(entity: Entity | undefined, target: string): RequestStats {
    const known = this.answered.get(target);
    if (known === undefined) this.answered.set(target, false);
    this.each(entity, (counts) => {
      counts.requests += 1;
      if (known === undefined) counts.distinct += 1;
      else counts.repeated += 1;
      if (known === true) counts.refetched += 1;
      counts.inflight += 1;
      counts.max_inflight = Math.max(counts.max_inflight, counts.inflight);
    });
    return {
      count: (what) => this.each(entity, (counts) => (counts[what] += 1)),
      answer: (rows, bytes) => {
        this.answered.set(target, true);
        this.each(entity, (counts) => {
          counts.ok += 1;
          counts.rows += rows;
          counts.bytes += bytes;
        });
      },
      end: () => this.each(entity, (counts) => (counts.inflight -= 1)),
    };
  }

  reset(): void {
    const keep = (old: Counts): Counts => ({ ...zero(), inflight: old.inflight, max_inflight: old.inflight });
    this.totals = keep(this.totals);
    for (const entity of ENTITIES) this.entities[entity] = keep(this.entities[entity]);
    this.answered.clear();
    this.sinceMs = Date.now();
  }

  inflight(): number {
    return this.totals.inflight;
  }

  snapshot(): StatsSnapshot {
    return structuredClone({ since: new Date(this.sinceMs).toISOString(), totals: this.totals, entities: this.entities });
  }

  private each(entity: Entity | undefined, change: (counts: Counts) => void): void {
    change(this.totals);
    if (entity !== undefined) change(this.entities[entity]);
  }
}

/** The counters of one request: outcomes as they happen, `end` once when its connection is done with it. */
export interface RequestStats {
  count(what: Increment): void;
  answer(rows: number, bytes: number): void;
  end(): void;
}
