import { isRight, type Comparison } from '../../apps/demo/compare-table.js';
import type { Suite } from './options.js';

/** One line of the last table: what was done to Sluice once, and how it took it. */
export interface ChaosResult {
  suite: Suite;
  round: number;
  /** What was broken: `kill-9`, `inside COPY`, `temporal killed` … */
  scenario: string;
  /** The write mode it happened in. */
  mode: string;
  /** Where or when it was hit, in words. */
  moment: string;
  lost: number;
  duplicated: number;
  /** Rows with wrong content, and rows that the source does not have. */
  differing: number;
  /** Until work went on, in seconds, and how long it may take; null where nothing was left to do. */
  recovery_seconds: number | null;
  bound_seconds: number;
  /** What is wrong, in words; empty when all is right. */
  problems: string[];
}

export const passed = (results: readonly ChaosResult[]): boolean =>
  results.length > 0 && results.every(({ problems }) => problems.length === 0);

/** The part of a result that the table's comparison decides. */
export function verdict(comparison: Comparison): Pick<ChaosResult, 'lost' | 'duplicated' | 'differing' | 'problems'> {
  const { lost, duplicated, differing, unexpected, samples } = comparison;
  const problems = Object.entries(samples).flatMap(([kind, ids]) =>
    ids.length === 0 ? [] : [`${kind}, by id: ${ids.join(', ')}`],
  );
  if (comparison.source === 0) problems.push('the source was empty: nothing was tested');
  if (!isRight(comparison) && problems.length === 0) problems.push('the table differs from the source');
  return { lost, duplicated, differing: differing + unexpected, problems };
}

/** What a recovery over its bound adds to the problems. */
export const tooLate = (seconds: number | null, bound: number): string[] =>
  seconds !== null && seconds > bound ? [`work went on after ${seconds} s instead of ${bound} s`] : [];

const COLUMNS: readonly [title: string, cell: (result: ChaosResult) => string][] = [
  ['round', (r) => String(r.round)],
  ['scenario', (r) => r.scenario],
  ['mode', (r) => r.mode],
  ['moment', (r) => r.moment],
  ['lost', (r) => String(r.lost)],
  ['duplicated', (r) => String(r.duplicated)],
  ['differing', (r) => String(r.differing)],
  ['recovery', (r) => (r.recovery_seconds === null ? '-' : `${r.recovery_seconds.toFixed(1)} s of ${r.bound_seconds}`)],
  ['', (r) => (r.problems.length === 0 ? 'ok' : 'WRONG')],
];

export function resultTable(results: readonly ChaosResult[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, cell]) => cell(result)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const problems = results.flatMap((r) => r.problems.map((problem) => `round ${r.round}, ${r.scenario}, ${r.mode}: ${problem}`));
  return [rule, lines[0], rule, ...lines.slice(1), rule, ...problems].join('\n');
}
