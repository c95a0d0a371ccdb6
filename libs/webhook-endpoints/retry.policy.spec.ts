import { expect, it } from '@jest/globals';
import { saidWait } from '../contracts/said-wait.js';
import { afterTry, MOST_TRIES } from './retry.policy.js';

const failed = { status: 500, retryAfterMs: null };

it('tries ten times in about three days, each time later', () => {
  const waits: number[] = [];
  for (let attempts = 1; attempts < MOST_TRIES; attempts += 1) {
    const after = afterTry(failed, attempts, 0);
    if (after.state !== 'pending') throw new Error('it is over too soon');
    waits.push(after.inMs);
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits).toHaveLength(9);
  const days = waits.reduce((sum, wait) => sum + wait, 0) / 86_400_000;
  expect(days).toBeGreaterThan(3);
  expect(days).toBeLessThan(3.3);
  expect(afterTry(failed, MOST_TRIES, 0)).toEqual({ state: 'failed', gone: false });
  expect(afterTry(failed, MOST_TRIES + 3, 0)).toEqual({ state: 'failed', gone: false });
});

it('takes 2xx for success, 410 for the end of the endpoint, and all else, redirects too, for a failure', () => {
  for (const status of [200, 204, 299])
    expect(afterTry({ ...failed, status }, 1, 0)).toEqual({ state: 'succeeded', gone: false });
  expect(afterTry({ ...failed, status: 410 }, 1, 0)).toEqual({ state: 'failed', gone: true });
  for (const status of [null, 199, 301, 307, 400, 404, 429, 500, 503])
    expect(afterTry({ ...failed, status }, 1, 0)).toEqual({ state: 'pending', inMs: 5_000 });
});

it('waits as long as an endpoint asks for, up to a day, and never shorter than by itself', () => {
  const wait = (asked: number, attempts = 1): unknown => afterTry({ status: 503, retryAfterMs: asked }, attempts, 0);
  expect(wait(60_000)).toEqual({ state: 'pending', inMs: 60_000 });
  expect(wait(1_000)).toEqual({ state: 'pending', inMs: 5_000 });
  expect(wait(1e12)).toEqual({ state: 'pending', inMs: 86_400_000 });
  expect(afterTry(failed, 2, 1)).toEqual({ state: 'pending', inMs: 330_000 });
});

it('reads Retry-After as seconds and as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(saidWait('120', now)).toBe(120_000);
  expect(saidWait('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  expect(saidWait('Wed, 31 Dec 2025 00:01:00 GMT', now)).toBe(0);
  expect(saidWait('soon', now)).toBeNull();
  expect(saidWait(undefined, now)).toBeNull();
});
