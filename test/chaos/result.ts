import { isRight, type Comparison } from '../../apps/demo/compare-table.js';
import type { Destination, Suite } from './options.js';

/** One line of the last table: what was done to Sluice once, and how it took it. */
export interface ChaosResult {
  suite: Suite;
  round: number;
  /** What was broken: `kill-9`, `inside COPY`, `temporal killed` … */
  scenario: string;
  /** The write mode it happened in. */
  mode: string;
  /** Where it was loaded, in the suite that takes `--destination`. */
  destination?: Destination;
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
export type Verdict = Pick<ChaosResult, 'lost' | 'duplicated' | 'differing' | 'problems'>;

export function verdict(comparison: Comparison): Verdict {
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
  const problems = results.flatMap((r) => r.problems.map((problem) => `round ${r.round}, ${r.scenario}, ${r.mode}: ${problem}`));
  return [
    drawn([COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, cell]) => cell(result)))]),
    ...problems,
  ].join('\n');
}

/** What became of each mode at each destination, over all rounds. */
export function tableByMode(results: readonly ChaosResult[]): string {
  const modes = new Map<string, ChaosResult[]>();
  for (const result of results) {
    const key = `${result.destination ?? ''}\0${result.mode}`;
    modes.set(key, [...(modes.get(key) ?? []), result]);
  }
  const total = (of: readonly ChaosResult[], name: 'lost' | 'duplicated' | 'differing'): string =>
    String(of.reduce((sum, result) => sum + result[name], 0));
  return drawn([
    ['destination', 'mode', 'kills', 'lost', 'duplicated', 'differing', 'slowest recovery', ''],
    ...[...modes.values()].map((of) => [
      ...[of[0]?.destination ?? '-', of[0]?.mode ?? '-', String(of.length), total(of, 'lost'), total(of, 'duplicated')],
      ...[total(of, 'differing'), slowest(of), of.every(({ problems }) => problems.length === 0) ? 'ok' : 'WRONG'],
    ]),
  ]);
}

function slowest(of: readonly ChaosResult[]): string {
  const seconds = of.flatMap(({ recovery_seconds }) => recovery_seconds ?? []);
  return seconds.length === 0 ? '-' : `${Math.max(...seconds).toFixed(1)} s of ${of[0]?.bound_seconds ?? 0}`;
}

function drawn(cells: readonly (readonly string[])[]): string {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  return [rule, lines[0], rule, ...lines.slice(1), rule].join('\n');
}
