/** What one run of a case took. */
export interface Measurement {
  rows: number;
  /** Wall clock of everything a user waits for. */
  seconds: number;
  /** Of them, those in which the worker had the run; only for Sluice. */
  workSeconds?: number;
  /** Highest resident memory of the processes that did the work; null where the system does not tell. */
  peakMemoryMb: number | null;
}

/** One entry of the JSON; a case with several baselines has several. */
export interface BenchResult {
  suite: string;
  case: string;
  rows: number;
  /** Median. */
  rowsPerSecond: number;
  peakMemoryMb: number | null;
  /** Slowest and fastest round. */
  spread: [number, number];
  /** Median, while the worker had the run. */
  workRowsPerSecond?: number;
  baseline: string | null;
  /** Median of the rounds' own ratios: the contestants of a round ran within a minute of each other, so what disturbs one disturbs both. */
  ratio: number | null;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Pure: the results of all cases, each with each of its baselines that was measured. What follows a `/` in a name tells runs of one case apart. */
export function summarise(request: {
  suite: string;
  measured: ReadonlyMap<string, readonly Measurement[]>;
  baselines: Readonly<Record<string, readonly string[]>>;
}): BenchResult[] {
  const { suite, measured, baselines } = request;
  return [...measured].flatMap(([name, runs]): BenchResult[] => {
    if (runs.length === 0) return [];
    const rates = runs.map((run) => run.rows / run.seconds);
    const work = runs.flatMap((run) => (run.workSeconds === undefined ? [] : [run.rows / run.workSeconds]));
    const memory = runs.flatMap((run) => (run.peakMemoryMb === null ? [] : [run.peakMemoryMb]));
    const result = {
      suite,
      case: name.split('/')[0] ?? name,
      rows: runs[0]?.rows ?? 0,
      rowsPerSecond: Math.round(median(rates)),
      peakMemoryMb: memory.length === 0 ? null : Math.round(Math.max(...memory)),
      spread: [Math.round(Math.min(...rates)), Math.round(Math.max(...rates))] satisfies [number, number],
      ...(work.length === 0 ? {} : { workRowsPerSecond: Math.round(median(work)) }),
    };
    const against = (baselines[name] ?? []).filter((baseline) => (measured.get(baseline)?.length ?? 0) > 0);
    if (against.length === 0) return [{ ...result, baseline: null, ratio: null }];
    return against.map((baseline) => {
      const others = (measured.get(baseline) ?? []).map((run) => run.rows / run.seconds);
      const ratios = rates.flatMap((rate, round) => (others[round] === undefined ? [] : [rate / others[round]]));
      return { ...result, baseline, ratio: Number(median(ratios).toFixed(3)) };
    });
  });
}

const number = (value: number): string => value.toLocaleString('en-US');

/** Pure: the table that ends a run. */
export function resultTable(results: readonly BenchResult[]): string {
  const lines = results.map((result) => [
    result.case,
    number(result.rows),
    number(result.rowsPerSecond),
    result.spread.map(number).join(' – '),
    result.workRowsPerSecond === undefined ? '' : number(result.workRowsPerSecond),
    result.peakMemoryMb === null ? '?' : number(result.peakMemoryMb),
    result.baseline ?? '',
    result.ratio === null ? '' : result.ratio.toFixed(2),
  ]);
  const head = ['case', 'rows', 'rows/s', 'slowest – fastest', 'in the worker', 'peak MB', 'baseline', 'ratio'];
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const numeric = new Set([1, 2, 3, 4, 5, 7]);
  const show = (line: readonly string[]): string =>
    line
      .map((cell, column) => (numeric.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [show(head), show(widths.map((width) => '-'.repeat(width))), ...lines.map(show)].join('\n');
}
