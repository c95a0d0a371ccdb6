import { describe, expect, it } from '@jest/globals';
import { datetimeFormat } from '../time/datetime-format.js';
import { addDuration, parseDuration } from '../time/duration.js';
import { parseIso } from '../time/moment.js';
import { mergeIntervals, plainState, readIntervals, writeIntervals, type CursorCodec } from './intervals.js';
import { clamp } from './clamping.js';
import { windowsBetween, type Cutting } from './windows.js';

const at = (iso: string): number => parseIso(iso)?.micros ?? NaN;
const iso = (micros: number): string => new Date(micros / 1_000).toISOString().slice(0, 19);
const codec = (pattern: string, granularity: string): CursorCodec => {
  const format = datetimeFormat(pattern);
  return {
    field: 'at',
    format: (micros, offset = 0) => format.format({ micros, offsetMinutes: offset }),
    offset: (value) => format.parse(String(value))?.offsetMinutes ?? 0,
    after: (micros) => addDuration(micros, parseDuration(granularity) ?? { months: 0, micros: 1_000 }),
    resolution: format.resolutionMicros,
    parse: (value) => format.parse(String(value))?.micros ?? null,
    own: (value) => format.parse(String(value))?.micros ?? null,
  };
};

const cutting = (changes: Partial<Cutting> = {}): Cutting => ({
  begin: at('2024-01-01'),
  step: parseDuration('P10D'),
  granularity: parseDuration('PT1S'),
  clamping: null,
  strict: false,
  ...changes,
});
const cut = (lower: string, upper: string, last: boolean, changes: Partial<Cutting> = {}): string[] =>
  [...windowsBetween(at(lower), at(upper), last, cutting(changes))].map(({ start, end }) => `${iso(start)}..${iso(end)}`);

describe('windows', () => {
  it('end a granularity before the next begins, and the last one at the end', () => {
    expect(cut('2024-01-01', '2024-02-01', true)).toEqual([
      '2024-01-01T00:00:00..2024-01-10T23:59:59',
      '2024-01-11T00:00:00..2024-01-20T23:59:59',
      '2024-01-21T00:00:00..2024-01-30T23:59:59',
      '2024-01-31T00:00:00..2024-02-01T00:00:00',
    ]);
  });

  it('before something that was read end a granularity before it', () => {
    expect(cut('2024-01-11', '2024-01-21', false)).toEqual(['2024-01-11T00:00:00..2024-01-20T23:59:59']);
  });

  it('are one without a step; where start and end are one, one with a granularity unless the source refuses it', () => {
    const bare = { step: null, granularity: null };
    expect(cut('2024-01-01', '2024-03-01', true, bare)).toEqual(['2024-01-01T00:00:00..2024-03-01T00:00:00']);
    expect(cut('2024-01-05', '2024-01-05', true, bare)).toEqual([]);
    expect(cut('2024-01-05', '2024-01-05', true)).toEqual(['2024-01-05T00:00:00..2024-01-05T00:00:00']);
    expect(cut('2024-01-05', '2024-01-05', true, { strict: true })).toEqual([]);
  });

  it('take a granularity of no length for none', () => {
    const zero = { granularity: parseDuration('PT0S') };
    expect(cut('2024-01-01', '2024-01-01', true, zero)).toEqual([]);
    expect(cut('2024-01-01', '2024-01-15', true, zero)).toEqual(cut('2024-01-01', '2024-01-15', true, { granularity: null }));
  });

  it('do not reach before the configured start', () => {
    expect(cut('2023-12-01', '2024-01-05', true)).toEqual(['2024-01-01T00:00:00..2024-01-05T00:00:00']);
    expect(cut('2023-11-01', '2023-12-05', true)).toEqual([]);
  });

  it('are moved up to the beginning of a period by clamping', () => {
    const month = { step: parseDuration('P1M'), granularity: parseDuration('P1D'), clamping: { period: 'MONTH' } as const };
    expect(cut('2024-01-15', '2024-03-31', true, month)).toEqual([
      '2024-02-01T00:00:00..2024-02-29T00:00:00',
      '2024-03-01T00:00:00..2024-03-31T00:00:00',
    ]);
    expect(iso(clamp(at('2024-05-08T10:00:00Z'), { period: 'WEEK', weekday: 0 }, 'floor'))).toBe('2024-05-06T00:00:00');
    expect(iso(clamp(at('2024-05-08T10:00:00Z'), { period: 'WEEK', weekday: 0 }, 'ceil'))).toBe('2024-05-13T00:00:00');
    expect(iso(clamp(at('2024-12-08T10:00:00Z'), { period: 'MONTH' }, 'ceil'))).toBe('2025-01-01T00:00:00');
  });
});

describe('intervals', () => {
  const days = codec('%Y-%m-%dT%H:%M:%SZ', 'PT1S');
  const begin = at('2024-01-01');
  const a = { start: begin, end: at('2024-01-10T23:59:59Z'), recent: at('2024-01-09') };
  const b = { start: at('2024-01-11'), end: at('2024-01-20T23:59:59Z'), recent: null };
  const c = { start: at('2024-01-21'), end: at('2024-01-30T23:59:59Z'), recent: at('2024-01-25') };

  it('join within a granularity and keep a gap otherwise', () => {
    expect(mergeIntervals([c, a, b], days)).toEqual([{ start: a.start, end: c.end, recent: c.recent }]);
    const gap = mergeIntervals([c, a], days);
    expect(gap).toEqual([a, c]);
    const written = writeIntervals(gap, { codec: days, planEnd: c.end, state: null });
    expect(readIntervals(written, begin, days)).toEqual(gap);
    expect(writeIntervals(mergeIntervals([a, b, c], days), { codec: days, planEnd: c.end, state: null })).toEqual({
      at: '2024-01-25T00:00:00Z',
    });
  });

  it('of a plain state begin where the configuration does, and what else the state held stays', () => {
    expect(readIntervals({ at: '2023-05-01T00:00:00Z' }, begin, days)).toEqual([{ start: begin, end: begin, recent: begin }]);
    const known = { at: '2024-01-09T00:00:00Z', other: 1 };
    const merged = mergeIntervals([...readIntervals(known, begin, days), c], days);
    expect(writeIntervals(merged, { codec: days, planEnd: -Infinity, state: known })).toMatchObject({ state_type: 'date-range' });
    expect(plainState(merged, { codec: days, state: known })).toEqual(known);
  });

  it('of a format that is coarser than the granularity stall the state, as in Airbyte, and yet the plan is done', () => {
    const dates = codec('%Y-%m-%d', 'PT0.000001S');
    const april = { start: at('2024-04-01'), end: at('2024-04-30'), recent: at('2024-04-22') };
    const may = { start: at('2024-05-01'), end: at('2024-05-31'), recent: at('2024-05-24') };
    const merged = mergeIntervals([april, may], dates);
    expect(merged).toHaveLength(2);
    expect(writeIntervals(merged, { codec: dates, planEnd: may.end, state: null })).toEqual({ at: '2024-04-22' });
  });

  it('hold the end of a window until the plan is done', () => {
    const seconds = codec('%s', 'PT1S');
    const first = { start: 0, end: 99_000_000, recent: 50_000_000 };
    expect(writeIntervals([first], { codec: seconds, planEnd: 200_000_000, state: null })).toMatchObject({
      slices: [{ end: '99' }],
    });
    expect(writeIntervals([first], { codec: seconds, planEnd: 99_000_000, state: null })).toEqual({ at: '50' });
  });
});
