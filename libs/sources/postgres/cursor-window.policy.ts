/**
 * How far an incremental read may go, so that no row is passed by whose transaction commits later. Pure.
 *
 * A row is passed by when a read ends above its cursor and its transaction was not visible yet. Two things are known of a transaction that
 * still runs: when it began (pg_stat_activity) and, once it has written, that its id is not below the snapshot's xmin.
 *
 * - A time: the read ends `lag` below both the clock and the start of the oldest running transaction, exclusively. A transaction that began
 *   before the oldest of those that run has ended, and what it wrote is visible to the snapshot that is taken afterwards; one that begins later
 *   has a start above the clock that was read. So a value is read in time if it is at most `lag` older than the start of the transaction that
 *   writes it: now() and later clocks of the server with any lag, an application's clock if it is not further behind. The lag also covers the moment between
 *   a transaction's start and its being shown, and a server's clock that is set back.
 * - An integer from a sequence has no such order: 7 may commit after 9. The read ends at the greatest visible value, inclusively, once every
 *   transaction that ran when it was seen has ended: what is below was given out before, to one of them.
 * - Where other roles' transactions are hidden from us, a time is read once every transaction that had written when the clock was read has
 *   ended; that leaves those out whose first write comes more than `lag` after their start. Prepared transactions, whose start nobody knows, are waited for in the same way.
 */
export type CursorOrder = 'text' | 'number';

/** What the server says at one moment. Times in microseconds since the epoch, on its clock. */
export interface Observation {
  /** Read before everything else. */
  clock: bigint;
  /** Start of the oldest running transaction of the database; null: none runs. */
  oldest: bigint | null;
  /** Sessions of which we may not see whether they run a transaction. */
  hidden: number;
  prepared: number;
  xmin: bigint;
  xmax: bigint;
}

/** Where a read is to end, and what has to be over before it may begin. Plain JSON. */
export interface Closing {
  /** In the cursor's own form; see Bound. */
  upper: Bound;
  /** Every transaction below must have ended; null: nothing to wait for. */
  xmax: string | null;
  /** No transaction that began up to then (microseconds) may run any more; null: that does not matter. */
  startedBy: string | null;
}

/** A cursor's value: an integer's digits, or a time as `2026-01-02 03:04:05.000006`, which sorts as text. */
export type Bound = string;

/** The end of a read by a time, in microseconds since the epoch. */
export function closeTime(
  { clock, oldest, hidden, prepared, xmax }: Observation,
  lag: bigint,
): { end: bigint } & Omit<Closing, 'upper'> {
  const end = (oldest !== null && oldest < clock ? oldest : clock) - lag;
  return { end, xmax: hidden > 0 || prepared > 0 ? String(xmax) : null, startedBy: null };
}

/** `greatest` was read before the observation was made. */
export const closeNumber = (greatest: Bound, { clock, xmax }: Observation): Closing => ({
  upper: greatest,
  xmax: String(xmax),
  startedBy: String(clock),
});

/** Whether what has to be over is over. */
export function isSettled({ xmax, startedBy }: Omit<Closing, 'upper'>, now: Pick<Observation, 'oldest' | 'xmin'>): boolean {
  if (xmax !== null && now.xmin < BigInt(xmax)) return false;
  return startedBy === null || now.oldest === null || now.oldest > BigInt(startedBy);
}

const TIME_DIGITS = 26;

/** Years 0001 to 9999; earlier times are below every bound, later ones above. */
export const timeBound = (microseconds: bigint): Bound => {
  const whole = microseconds - (((microseconds % 1_000n) + 1_000n) % 1_000n);
  const date = new Date(Number(whole / 1_000n));
  return `${date.toISOString().slice(0, 23).replace('T', ' ')}${String(microseconds - whole).padStart(3, '0')}`.slice(
    0,
    TIME_DIGITS,
  );
};

export function compareBounds(order: CursorOrder): (left: Bound, right: Bound) => number {
  if (order === 'text') return (left, right) => (left < right ? -1 : left > right ? 1 : 0);
  return (left, right) => (BigInt(left) < BigInt(right) ? -1 : BigInt(left) > BigInt(right) ? 1 : 0);
}
