/** What a case of calls took; times in milliseconds. */
export interface RealtimeResult {
  suite: 'realtime';
  case: string;
  calls: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** More that the case counts: `lost`, `drain_seconds` … */
  facts: Readonly<Record<string, number>>;
  /** What is wrong, in words; a result with problems is no result. */
  problems: readonly string[];
}

/** The least value that so many of a hundred do not exceed. Of an ascending list that is not empty. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Pure: what the latencies of a case, in any order, come to. */
export function latencyResult(
  request: Pick<RealtimeResult, 'case' | 'facts' | 'problems'> & { latencies: readonly number[]; seconds: number },
): RealtimeResult {
  const { latencies, seconds, ...rest } = request;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (percent: number): number => Number(percentile(sorted, percent).toFixed(1));
  return {
    ...{ suite: 'realtime', ...rest, calls: sorted.length, perSecond: Math.round(sorted.length / seconds) },
    ...{ p50: at(50), p95: at(95), p99: at(99), max: at(100) },
  };
}

/** Pure: the table that ends a run, with a line for each problem. */
export function realtimeTable(results: readonly RealtimeResult[]): string {
  const cells = results.map(({ case: name, calls, perSecond, p50, p95, p99, max, facts, problems }) => [
    ...[name, calls, perSecond, p50, p95, p99, max].map(String),
    Object.entries(facts)
      .map(([fact, value]) => `${fact} ${value}`)
      .join(', '),
    problems.length === 0 ? 'ok' : 'WRONG',
  ]);
  const head = ['case', 'calls', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', '', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)));
  const show = (line: readonly string[]): string =>
    line
      .map((cell, column) => (column > 0 && column < 7 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const problems = results.flatMap((result) => result.problems.map((problem) => `${result.case}: ${problem}`));
  return [show(head), show(widths.map((width) => '-'.repeat(width))), ...cells.map(show), ...problems].join('\n');
}
