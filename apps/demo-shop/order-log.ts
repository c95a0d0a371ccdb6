import { tickOf, type Run } from './entities.js';

/** Ids `from..to` of a run that are still current: a later touch took the others away. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly run: Run;
}

/** The key of the shop's order: records are sorted by `updated_at`, then by id. */
export interface Key {
  readonly tick: number;
  readonly id: number;
}

/**
 * All current rows of one entity in the order of (`updated_at`, id), as a short list of id ranges. A touched row leaves its place and
 * comes last, as in a real API sorted by update time. Immutable: a change gives a new log, so a page is read from one state.
 */
export class OrderLog {
  readonly total: number;
  /** Position of each segment's first row. */
  private readonly starts: readonly number[];

  constructor(readonly segments: readonly Segment[]) {
    const starts: number[] = [];
    let total = 0;
    for (const { from, to } of segments) {
      starts.push(total);
      total += to - from + 1;
    }
    this.starts = starts;
    this.total = total;
  }

  static initial(size: number): OrderLog {
    return new OrderLog(size > 0 ? [whole({ first: 1, last: size, revision: 0, tick: 0 })] : []);
  }

  /** Appends `count` new ids after the highest, updated after everything else. */
  append(count: number): OrderLog {
    const first = this.maxId() + 1;
    return new OrderLog([...this.segments, whole({ first, last: first + count - 1, revision: 0, tick: this.nextTick() })]);
  }

  /** Gives ids `from..to`, which must exist, a new revision and a new, latest `updated_at`. */
  touch(from: number, to: number, revision: number): OrderLog {
    return new OrderLog([...this.without(from, to), whole({ first: from, last: to, revision, tick: this.nextTick() })]);
  }

  /** Ids `from..to` are gone. */
  remove(from: number, to: number): OrderLog {
    return new OrderLog(this.without(from, to));
  }

  maxId(): number {
    return this.segments.reduce((max, { to }) => Math.max(max, to), 0);
  }

  /** The run that an id belongs to now. */
  runOf(id: number): Run | undefined {
    return this.segments.find(({ from, to }) => id >= from && id <= to)?.run;
  }

  /** How many rows come before the first with this tick or a later one. */
  below(tick: number): number {
    return this.countBefore({ tick, id: 0 });
  }

  /** How many rows come up to and including this key, whether or not the row is still there. */
  upTo({ tick, id }: Key): number {
    return this.countBefore({ tick, id: id + 1 });
  }

  keyAt(position: number): Key {
    const index = lastAtMost(this.starts, position);
    const segment = this.segments[index] as Segment;
    const id = segment.from + position - (this.starts[index] as number);
    return { tick: tickOf(segment.run, id), id };
  }

  /** The id ranges at positions `from` (inclusive) to `to` (exclusive), in order. */
  *pieces(from: number, to: number): Generator<Segment> {
    if (from >= to) return;
    for (let i = lastAtMost(this.starts, from); i < this.segments.length; i++) {
      const segment = this.segments[i] as Segment;
      const start = this.starts[i] as number;
      if (start >= to) return;
      yield {
        run: segment.run,
        from: segment.from + Math.max(0, from - start),
        to: Math.min(segment.to, segment.from + (to - start) - 1),
      };
    }
  }

  private without(from: number, to: number): Segment[] {
    return this.segments.flatMap((s) => [
      ...(s.from < from ? [{ ...s, to: Math.min(s.to, from - 1) }] : []),
      ...(s.to > to ? [{ ...s, from: Math.max(s.from, to + 1) }] : []),
    ]);
  }

  private nextTick(): number {
    return this.total === 0 ? 0 : this.keyAt(this.total - 1).tick + 1;
  }

  /** Rows with a key below the given one: whole segments first, then a search inside the one that holds it. */
  private countBefore(key: Key): number {
    const before = (run: Run, id: number): boolean => {
      const tick = tickOf(run, id);
      return tick < key.tick || (tick === key.tick && id < key.id);
    };
    const index = partition(this.segments.length, (i) =>
      before((this.segments[i] as Segment).run, (this.segments[i] as Segment).to),
    );
    const segment = this.segments[index];
    if (segment === undefined) return this.total;
    return (
      (this.starts[index] as number) + partition(segment.to - segment.from + 1, (i) => before(segment.run, segment.from + i))
    );
  }
}

const whole = (run: Run): Segment => ({ from: run.first, to: run.last, run });

/** The first of `0..length` for which `holds` is false; it must be true up to there and false from there on. */
function partition(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const lastAtMost = (starts: readonly number[], position: number): number =>
  partition(starts.length, (i) => (starts[i] as number) <= position) - 1;
