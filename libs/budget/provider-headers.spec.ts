import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_SAID_MS } from '../contracts/said-wait.js';
import { parseProviderHeaders } from './provider-headers.js';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    ['0.5', 500],
    ['0', 0],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['2026-11-21T12:01:00Z', 60_000],
    ['soon', null],
    ['-1', null],
    ['', null],
    ['99999999', MAX_SAID_MS],
  ])('%j means %p ms', (value, expected) => {
    expect(parseProviderHeaders({ 'retry-after': value }, NOW).retryAfterMs).toBe(expected);
  });

  test('a date is read by the provider’s own clock where it shows it', () => {
    const headers = { date: 'Sat, 21 Nov 2026 11:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 11:00:10 GMT' };
    expect(parseProviderHeaders(headers, NOW).retryAfterMs).toBe(10_000);
  });
});

describe('windows', () => {
  test('the draft’s structured fields, several policies at once', () => {
    const headers = {
      'ratelimit-policy': '"burst";q=100;w=60,"daily";q=1000;w=86400',
      ratelimit: '"burst";r=50;t=30, "daily";r=0',
    };
    expect(parseProviderHeaders(headers, NOW).windows).toEqual([
      { name: 'burst', limit: 100, remaining: 50, resetMs: 30_000 },
      { name: 'daily', limit: 1000, remaining: 0, resetMs: 86_400_000 },
    ]);
  });

  test('the draft’s earlier form in one field and in three', () => {
    const window = { limit: 100, remaining: 7, resetMs: 5_000 };
    expect(parseProviderHeaders({ ratelimit: 'limit=100, remaining=7, reset=5' }, NOW).windows).toEqual([
      { name: 'default', ...window },
    ]);
    const three = { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '7', 'ratelimit-reset': '5' };
    expect(parseProviderHeaders(three, NOW).windows).toEqual([{ name: 'ratelimit', ...window }]);
  });

  test.each([
    ['seconds', '30', 30_000],
    ['epoch seconds', String(NOW / 1000 + 30), 30_000],
    ['epoch milliseconds', String(NOW + 30_000), 30_000],
    ['an epoch in the past', String(NOW / 1000 - 30), 0],
    ['nonsense', 'tomorrow', null],
  ])('X-RateLimit-Reset as %s', (_form, reset, resetMs) => {
    const headers = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    expect(parseProviderHeaders(headers, NOW).windows).toEqual([{ name: 'x-ratelimit', limit: 60, remaining: 0, resetMs }]);
  });

  test('a connector’s own header names come first', () => {
    const headers = { 'x-calls-left': '3', 'x-calls-reset': '9', 'x-ratelimit-remaining': '50', 'x-ratelimit-reset': '1' };
    const names = { remaining: 'X-Calls-Left', reset: 'X-Calls-Reset' };
    expect(parseProviderHeaders(headers, NOW, names).windows).toEqual([
      { name: 'connector', limit: null, remaining: 3, resetMs: 9_000 },
    ]);
  });

  test('no such headers, no windows', () => {
    expect(parseProviderHeaders({ 'content-type': 'application/json' }, NOW)).toEqual({ retryAfterMs: null, windows: [] });
  });
});

test('whatever a provider sends, durations are null or between zero and a day', () => {
  const text = fc.string({ maxLength: 40 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const headers = { 'retry-after': a, ratelimit: b, 'x-ratelimit-remaining': c, 'x-ratelimit-reset': a, date: c };
      const word = parseProviderHeaders(headers, NOW);
      for (const ms of [word.retryAfterMs, ...word.windows.map((window) => window.resetMs)]) {
        expect(ms === null || (ms >= 0 && ms <= MAX_SAID_MS)).toBe(true);
      }
    }),
  );
});
