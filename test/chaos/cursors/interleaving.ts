import type { Random } from '../random.js';

/** Where a row's cursor comes from. `behind`: an application's clock, up to the lag behind its transaction's start, with many ties; `ahead`: one that goes fast. */
export const CLOCKS = ['now', 'clock', 'behind', 'ahead', 'sequence'] as const;
export type Clock = (typeof CLOCKS)[number];

export type Step =
  | { kind: 'begin' | 'commit' | 'rollback'; writer: number }
  /** `row` is the writer's own: nobody waits for a lock. `skewMs`: how far its clock is off. */
  | { kind: 'write'; writer: number; row: number; clock: Clock; skewMs: number }
  | { kind: 'read' }
  | { kind: 'pause'; ms: number };

export const WRITERS = 3;
export const LAG_MS = 20;
/** Values of `behind` and `ahead` are cut to so many milliseconds, so that rows share them. */
export const TIE_MS = 5;
const ROWS_EACH = 4;

/** An order in which writers begin, write and end, and a reader reads in between. Everything is ended at the end. Pure. */
export function interleaving(random: Random): Step[] {
  const steps: Step[] = [];
  const open = new Set<number>();
  const clocks = Array.from({ length: WRITERS }, () => random.pick(CLOCKS));
  const count = Math.floor(random.between(8, 24));
  for (let n = 0; n < count; n += 1) {
    const writer = Math.floor(random.between(0, WRITERS));
    const dice = random.between(0, 1);
    if (dice < 0.18) steps.push({ kind: 'read' });
    else if (dice < 0.24) steps.push({ kind: 'pause', ms: Math.ceil(random.between(0, 6)) });
    else if (!open.has(writer)) {
      open.add(writer);
      steps.push({ kind: 'begin', writer });
    } else if (dice < 0.75) {
      const clock = clocks[writer] as Clock;
      const skewMs =
        clock === 'behind' ? random.between(0, LAG_MS - TIE_MS - 1) : clock === 'ahead' ? random.between(0, LAG_MS) : 0;
      steps.push({ kind: 'write', writer, row: Math.floor(random.between(0, ROWS_EACH)), clock, skewMs });
    } else {
      open.delete(writer);
      steps.push({ kind: dice < 0.95 ? 'commit' : 'rollback', writer });
    }
  }
  for (const writer of open) steps.push({ kind: 'commit', writer });
  return steps;
}
