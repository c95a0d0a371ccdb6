import { isRight, type Comparison } from './compare-table.js';

export interface DemoResult {
  comparison: Comparison;
  requests: number;
  repeated: number;
  /** From the start of the run to its end, the kill included. */
  seconds: number;
  runState: string;
}

const count = (n: number): string => n.toLocaleString('en-US');

export const demoSucceeded = (result: DemoResult): boolean =>
  result.runState === 'succeeded' && isRight(result.comparison) && result.comparison.source > 0;

/** The demo's last table: what the source has, what the table has, and every difference between them. */
export function demoTable(result: DemoResult): string {
  const { comparison } = result;
  const rows: [string, string][] = [
    ['source', `${count(comparison.source)} records`],
    ['destination', `${count(comparison.destination)} rows`],
    ['lost', count(comparison.lost)],
    ['duplicated', count(comparison.duplicated)],
    ['differing', count(comparison.differing + comparison.unexpected)],
    ['requests made', count(result.requests)],
    ['requests repeated', count(result.repeated)],
    ['time', `${result.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  const rule = `+${'-'.repeat(width + 2)}+${'-'.repeat(valueWidth + 2)}+`;
  const lines = rows.map(([name, value]) => `| ${name.padEnd(width)} | ${value.padStart(valueWidth)} |`);
  const samples = Object.entries(comparison.samples).flatMap(([kind, ids]) =>
    ids.length === 0 ? [] : [`${kind}, by id: ${ids.join(', ')}`],
  );
  return [rule, ...lines, rule, ...samples].join('\n');
}
