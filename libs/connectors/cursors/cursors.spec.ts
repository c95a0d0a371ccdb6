import { describe, expect, it } from '@jest/globals';
import { datetimeFormat } from '../time/datetime-format.js';
import { parseDuration } from '../time/duration.js';
import { parseIso } from '../time/moment.js';
import { mergeIntervals, readIntervals, writeIntervals, type CursorCodec } from './intervals.js';
import { windowsBetween } from './windows.js';

const at = (iso: string): number => parseIso(iso)?.micros ?? NaN;
const iso = (micros: number): string => new Date(micros / 1_000).toISOString().slice(0, 19);
const codec = (pattern: string, granularity: string): CursorCodec => {
  const format = datetimeFormat(pattern);
  return {
    field: 'at',
    format,
    granularity: parseDuration(granularity),
    parse: (value) => format.parse(String(value))?.micros ?? null,
  };
};

describe('windows', () => {
  it('end a granularity before the next begins, and the last one at the end', () => {
    const range = {
      lower: at('2024-01-01'),
      upper: at('2024-02-01'),
      step: parseDuration('P10D'),
      granularity: parseDuration('PT1S'),
    };
    expect([...windowsBetween(range)].map(({ start, end }) => [iso(start), iso(end)])).toEqual([
      ['2024-01-01T00:00:00', '2024-01-10T23:59:59'],
      ['2024-01-11T00:00:00', '2024-01-20T23:59:59'],
      ['2024-01-21T00:00:00', '2024-01-30T23:59:59'],
      ['2024-01-31T00:00:00', '2024-02-01T00:00:00'],
    ]);
  });

  it('are one without a step and none when nothing is left', () => {
    expect([...windowsBetween({ lower: 1, upper: 5, step: null, granularity: null })]).toEqual([{ start: 1, end: 5 }]);
    expect([...windowsBetween({ lower: 5, upper: 5, step: null, granularity: null })]).toEqual([]);
  });
});

describe('intervals', () => {
  it('join within a granularity and keep a gap otherwise', () => {
    const days = codec('%Y-%m-%dT%H:%M:%SZ', 'PT1S');
    const a = { start: at('2024-01-01'), end: at('2024-01-10T23:59:59Z'), recent: at('2024-01-09') };
    const b = { start: at('2024-01-11'), end: at('2024-01-20T23:59:59Z'), recent: null };
    const c = { start: at('2024-01-21'), end: at('2024-01-30T23:59:59Z'), recent: at('2024-01-25') };
    expect(mergeIntervals([c, a, b], days)).toEqual([{ start: a.start, end: c.end, recent: c.recent }]);
    const gap = mergeIntervals([c, a], days);
    expect(gap).toEqual([a, c]);
    expect(readIntervals(writeIntervals(gap, days, c.end), days)).toEqual(gap);
    expect(writeIntervals(mergeIntervals([a, b, c], days), days, c.end)).toEqual({ at: '2024-01-25T00:00:00Z' });
  });

  it('take the end of a date for the whole day, whatever the granularity', () => {
    const dates = codec('%Y-%m-%d', 'PT0.000001S');
    const april = { start: at('2024-04-01'), end: at('2024-04-30'), recent: at('2024-04-22') };
    const may = { start: at('2024-05-01'), end: at('2024-05-31'), recent: at('2024-05-24') };
    expect(mergeIntervals([april, may], dates)).toHaveLength(1);
  });

  it('hold the end of a window until the plan is done', () => {
    const seconds = codec('%s', 'PT1S');
    const first = { start: 0, end: 99_000_000, recent: 50_000_000 };
    expect(writeIntervals([first], seconds, 200_000_000)).toMatchObject({ state_type: 'date-range', slices: [{ end: '99' }] });
    expect(writeIntervals([first], seconds, 99_000_000)).toEqual({ at: '50' });
  });
});
