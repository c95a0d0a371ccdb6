import { expect, test } from '@jest/globals';
import { benchOptions } from './options.js';

test('by default five rounds of both cases with peers', () => {
  expect(benchOptions(['rest'])).toEqual({
    suite: 'rest',
    rows: 200_000,
    rounds: 5,
    cases: ['append', 'upsert'],
    json: undefined,
    peers: true,
    peerRows: { paged: 100_000, file: 200_000 },
  });
});

test('everything can be chosen', () => {
  const args = ['--rows', '1000000', '--rounds', '3', '--cases', 'upsert', '--no-peers', '--peer-rows', '50000'];
  expect(benchOptions(['rest', ...args, '--json', 'out.json'])).toEqual({
    ...{ suite: 'rest', rows: 1_000_000, rounds: 3, cases: ['upsert'], json: 'out.json', peers: false },
    peerRows: { paged: 50_000, file: 50_000 },
  });
});

test('connectors are read with 100,000 records', () => {
  expect(benchOptions(['connectors'])).toMatchObject({ suite: 'connectors', rows: 100_000, cases: ['bulk', 'bulk-transform'] });
});

test('databases are copied with 1,000,000 rows', () => {
  expect(benchOptions(['pg'])).toMatchObject({ suite: 'pg', rows: 1_000_000, cases: ['full', 'upsert', 'mapped'] });
});

test.each([
  ['wide', 50_000, ['append', 'upsert']],
  ['latency', 1_000_000, ['latency']],
  ['unchanged', 200_000, ['unchanged']],
  ['memory', 10_000_000, ['memory']],
  ['digest', 200_000, ['append', 'upsert']],
])('%s has %i rows by default', (suite, rows, cases) => {
  expect(benchOptions([suite])).toMatchObject({ suite, rows, cases });
});

test.each([
  [['rest', '--rows', '10'], /--rows takes a whole number from 1000/],
  [['rest', '--rounds', 'many'], /--rounds takes/],
  [['rest', '--cases', 'merge'], /--cases takes append, upsert; got merge/],
  [['soap'], /the suites are: rest, connectors, .*; got soap/],
  [['connectors', '--cases', 'append'], /--cases takes bulk, bulk-transform; got append/],
  [['rest', '--peer-rows', '10'], /--peer-rows takes a whole number from 1000/],
  [['pg', '--peer-rows', '5000'], /--peer-rows is of the suite rest; got pg/],
  [[], /got none/],
])('%j is refused in words', (args, message) => {
  expect(() => benchOptions(args)).toThrow(message);
});
