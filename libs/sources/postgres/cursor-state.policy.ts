import type { StreamState } from '../../contracts/stream.js';
import { compareBounds, type Bound, type CursorOrder } from './cursor-window.policy.js';

/** A part of a cursor's values: from `from` (null: the lowest) up to, not including, `to`; with `inclusive`, including it. */
export interface CursorWindow {
  from: Bound | null;
  to: Bound;
  inclusive: boolean;
}

interface Interval {
  from: Bound | null;
  to: Bound;
}

/** What was read of a stream: everything below `upto`, and what lies above a gap that a failed slice left. */
interface CursorProgress {
  cursor: string;
  order: CursorOrder;
  upto: Bound | null;
  done: Interval[];
}

/** The state as it is kept; one of another cursor, or none, is the beginning. Pure. */
export function progressOf(state: StreamState, { name, order }: { name: string; order: CursorOrder }): CursorProgress {
  const kept = state as unknown as CursorProgress | null;
  return kept?.cursor === name && kept.order === order ? kept : { cursor: name, order, upto: null, done: [] };
}

/** The state after a window was read; in any order, each as often as it comes. Pure. */
export function addWindow(progress: CursorProgress, window: CursorWindow): CursorProgress {
  const compare = compareBounds(progress.order);
  const known: Interval[] = progress.upto === null ? [] : [{ from: null, to: progress.upto }];
  const all = [...known, ...progress.done, { from: window.from, to: window.to }].sort((a, b) =>
    a.from === b.from ? 0 : a.from === null ? -1 : b.from === null ? 1 : compare(a.from, b.from),
  );
  const merged: Interval[] = [];
  for (const { from, to } of all) {
    const last = merged.at(-1);
    if (last !== undefined && (from === null || compare(from, last.to) <= 0)) {
      if (compare(to, last.to) > 0) last.to = to;
    } else merged.push({ from, to });
  }
  const first = merged[0];
  const upto = first?.from === null ? first.to : null;
  return { ...progress, upto, done: merged.filter(({ from }) => from !== null) };
}

/**
 * What is to be read up to `upper`: all that was not, cut at `cuts`. By a number the last window takes `upper` in, and the next read begins with it
 * again: more rows may come that have it. Pure.
 */
export function windowsUpTo(progress: CursorProgress, upper: Bound, cuts: readonly Bound[]): CursorWindow[] {
  const compare = compareBounds(progress.order);
  const closed = progress.order === 'number';
  const windows: CursorWindow[] = [];
  let from = progress.upto;
  const read = (to: Bound, inclusive: boolean): void => {
    const inside = cuts.filter((cut) => (from === null || compare(cut, from) > 0) && compare(cut, to) < 0).sort(compare);
    for (const cut of [...new Set(inside)]) {
      windows.push({ from, to: cut, inclusive: false });
      from = cut;
    }
    windows.push({ from, to, inclusive });
  };
  for (const done of [...progress.done].sort((a, b) => compare(a.from as Bound, b.from as Bound))) {
    const start = done.from as Bound;
    if (compare(start, upper) >= 0) break;
    if (from === null || compare(from, start) < 0) read(start, false);
    if (from === null || compare(from, done.to) < 0) from = done.to;
  }
  const rest = from === null ? 1 : compare(upper, from);
  if (rest > 0 || (rest === 0 && closed)) read(upper, closed);
  return windows;
}
