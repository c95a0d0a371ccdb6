import { expect, it } from '@jest/globals';
import { demoOptions } from './options.js';

it('without arguments everything is shown, and one part where it is named', () => {
  expect(demoOptions([])).toEqual({ part: 'all', once: false, rows: 200_000, pace: 8_000 });
  expect(demoOptions(['scenarios', '--once'])).toMatchObject({ part: 'scenarios', once: true });
  expect(demoOptions(['sync', '--rows', '1000'])).toMatchObject({ part: 'sync', rows: 1_000 });
});

it.each([[['scenario']], [['sync', 'scenarios']], [['--rows', '3']]])('%j is refused with what there is', (args) => {
  expect(() => demoOptions(args)).toThrow(/sync, scenarios|1000 to 5000000/);
});
