import { expect, test } from '@jest/globals';
import { median, resultTable, summarise, type Measurement } from './results.js';

const run = (rows: number, seconds: number, peakMemoryMb: number | null = 100): Measurement => ({ rows, seconds, peakMemoryMb });

test('the median of an even number of values lies between the middle ones', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('a case is compared round by round with the baselines that were measured', () => {
  const results = summarise({
    suite: 'rest',
    measured: new Map([
      ['append', [{ ...run(1_000, 2), workSeconds: 1 }, run(1_000, 1, 150), run(1_000, 4)]],
      ['bare-append', [run(1_000, 1), run(1_000, 0.5), run(1_000, 4)]],
      ['dlt-append', []],
    ]),
    baselines: { append: ['bare-append', 'dlt-append'] },
  });
  expect(results).toEqual([
    {
      suite: 'rest',
      case: 'append',
      rows: 1_000,
      rowsPerSecond: 500,
      peakMemoryMb: 150,
      spread: [250, 1_000],
      workRowsPerSecond: 1_000,
      baseline: 'bare-append',
      ratio: 0.5,
    },
    {
      suite: 'rest',
      case: 'bare-append',
      rows: 1_000,
      rowsPerSecond: 1_000,
      peakMemoryMb: 100,
      spread: [250, 2_000],
      baseline: null,
      ratio: null,
    },
  ]);
  expect(resultTable(results).split('\n')).toHaveLength(4);
});

test('memory that nobody could read is unknown, not zero', () => {
  const [result] = summarise({ suite: 's', measured: new Map([['c', [run(10, 1, null)]]]), baselines: {} });
  expect(result?.peakMemoryMb).toBeNull();
});
