import { expect, test } from '@jest/globals';
import { realtimeOptions } from './options.js';

test('by default an action is called 500 times, and webhooks come for a minute, 200 a second, in both cases', () => {
  expect(realtimeOptions([])).toEqual({
    ...{ cases: ['actions', 'webhooks', 'outage'], seconds: 60, rate: 200, calls: 500, json: undefined },
  });
  expect(realtimeOptions(['--cases', 'outage', '--seconds', '9', '--rate', '50', '--json', 'x'])).toEqual({
    ...{ cases: ['outage'], seconds: 9, rate: 50, calls: 500, json: 'x' },
  });
});

test.each([
  [['--cases', 'all'], /--cases takes actions, webhooks, outage; got all/],
  [['--seconds', '1'], /--seconds takes a whole number from 3/],
  [['--rate', '0'], /--rate takes/],
  [['--rows', '5'], /rows/],
])('refuses %j', (args, message) => {
  expect(() => realtimeOptions(args)).toThrow(message);
});
