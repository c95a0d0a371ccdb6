import { describe, expect, it } from '@jest/globals';
import { afterCall, healthAt, openMs, reasonToOpen, type Health } from './circuit.policy.js';

const after = (calls: readonly boolean[], everyMs = 10): Health =>
  calls.reduce((health, broken, i) => afterCall(health, { broken, nowMs: i * everyMs }), healthAt(0));
const times = (count: number, broken: boolean): boolean[] => Array.from({ length: count }, () => broken);

describe('a circuit', () => {
  it('opens after twenty failures in a row, and one success begins anew', () => {
    expect(reasonToOpen(after(times(19, true)))).toBeNull();
    expect(reasonToOpen(after(times(20, true)))).toBe('20 calls in a row failed');
    expect(reasonToOpen(after([...times(19, true), false, ...times(19, true)]))).toBeNull();
  });

  it('opens when half of the calls of a minute fail, where there were fifty', () => {
    const mixed = Array.from({ length: 50 }, (_, i) => i % 2 === 0);
    expect(reasonToOpen(after(mixed.slice(0, 49)))).toBeNull();
    expect(reasonToOpen(after(mixed))).toBe('25 of 50 calls within a minute failed');
    expect(reasonToOpen(after(mixed, 3_000))).toBeNull();
  });

  it('stays open twice as long after each probe that failed, five minutes at most', () => {
    expect([0, 1, 2, 6, 60].map(openMs)).toEqual([5_000, 10_000, 20_000, 300_000, 300_000]);
  });
});
