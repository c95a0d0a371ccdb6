import { describe, expect, it } from '@jest/globals';
import { datetimeFormat } from './datetime-format.js';
import { addDuration, parseDuration } from './duration.js';
import { parseIso, utc } from './moment.js';

const at = (iso: string): number => parseIso(iso)?.micros ?? NaN;

describe('datetimeFormat', () => {
  it.each([
    ['%Y-%m-%dT%H:%M:%SZ', '2024-02-29T23:59:58Z', '2024-02-29T23:59:58Z'],
    ['%Y-%m-%dT%H:%M:%S.%fZ', '2024-02-29T23:59:58.123456Z', '2024-02-29T23:59:58.123456Z'],
    ['%Y-%m-%dT%H:%M:%S.%_msZ', '2024-02-29T23:59:58.123Z', '2024-02-29T23:59:58.123Z'],
    ['%Y-%m-%dT%H:%M:%S%z', '2024-03-01T01:59:58+0200', '2024-02-29T23:59:58Z'],
    ['%Y-%m-%d', '2024-02-29', '2024-02-29T00:00:00Z'],
    ['%d/%b/%y %I:%M %p', '29/Feb/24 11:59 PM', '2024-02-29T23:59:00Z'],
    ['%s', '1709251198', '2024-02-29T23:59:58Z'],
    ['%ms', '1709251198123', '2024-02-29T23:59:58.123Z'],
    ['%epoch_microseconds', '1709251198123456', '2024-02-29T23:59:58.123456Z'],
    ['%s_as_float', '1709251198.5', '2024-02-29T23:59:58.5Z'],
  ])('reads and writes %s', (pattern, text, iso) => {
    const format = datetimeFormat(pattern);
    const moment = format.parse(text);
    expect(moment?.micros).toBe(at(iso));
    expect(moment && format.format(moment)).toBe(text);
  });

  it('refuses text of another form and days that do not exist', () => {
    expect(datetimeFormat('%Y-%m-%d').parse('2024-02-30')).toBeNull();
    expect(datetimeFormat('%Y-%m-%d').parse('2024-02-29T00:00:00Z')).toBeNull();
    expect(datetimeFormat('%s').parse('soon')).toBeNull();
    // Past the year 9999, as in Python, so that the next format gets its chance.
    expect(datetimeFormat('%s').parse('1712016000000')).toBeNull();
    expect(datetimeFormat('%s').parse('253402300799')).not.toBeNull();
    expect(() => datetimeFormat('%Q')).toThrow('%Q');
  });
});

describe('durations', () => {
  it('adds months by the calendar and the rest exactly', () => {
    const add = (iso: string, duration: string) =>
      new Date(addDuration(at(iso), parseDuration(duration) ?? { months: 0, micros: 0 }) / 1_000).toISOString();
    expect(add('2024-01-31T00:00:00Z', 'P1M')).toBe('2024-02-29T00:00:00.000Z');
    expect(add('2024-01-31T00:00:00Z', 'P1Y1M1DT1H1M1.5S')).toBe('2025-03-01T01:01:01.500Z');
    expect(add('2024-01-31T00:00:00Z', 'P2W')).toBe('2024-02-14T00:00:00.000Z');
    expect(addDuration(utc(0).micros, { months: 1, micros: 0 }, -1)).toBe(at('1969-12-01'));
  });

  it('knows what is no duration', () => {
    for (const text of ['', 'P', '30D', 'P1', ' P1D']) expect(parseDuration(text)).toBeNull();
  });
});
