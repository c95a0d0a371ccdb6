import { describe, expect, it } from '@jest/globals';
import { backoffMs, nextStep } from './effect.policy.js';

const REPEATS = ['key', 'idempotent', 'lookup', 'none'] as const;

describe('the next step of a call', () => {
  it.each(REPEATS)('with %s: nobody touches a try whose sender may be at work', (repeat) => {
    expect(nextStep({ attempt: 2, state: 'sent', leftMs: 1 }, repeat)).toEqual({ kind: 'wait', ms: 1 });
    expect(nextStep({ attempt: 2, state: 'sent', leftMs: 0 }, repeat)).not.toMatchObject({ kind: 'wait' });
  });

  it.each(REPEATS)('with %s: what was not sent is sent', (repeat) => {
    expect(nextStep(null, repeat)).toEqual({ kind: 'send', attempt: 1 });
    expect(nextStep({ attempt: 1, state: 'reserved', leftMs: null }, repeat)).toEqual({ kind: 'send', attempt: 1 });
    for (const state of ['postponed', 'superseded'] as const)
      expect(nextStep({ attempt: 4, state, leftMs: -1 }, repeat)).toEqual({ kind: 'send', attempt: 5 });
  });

  it.each(REPEATS)('with %s: what has ended stays so', (repeat) => {
    for (const state of ['succeeded', 'failed', 'outcome_unknown'] as const)
      expect(nextStep({ attempt: 1, state, leftMs: -1 }, repeat)).toEqual({ kind: 'ended' });
  });

  it('a call is never made again in doubt, unless the provider or its nature makes that safe', () => {
    const kinds = REPEATS.map((repeat) => nextStep({ attempt: 3, state: 'sent', leftMs: -1 }, repeat));
    expect(kinds).toEqual([
      { kind: 'repeat', attempt: 3 },
      { kind: 'repeat', attempt: 3 },
      { kind: 'lookup', attempt: 3 },
      { kind: 'unknown', attempt: 3 },
    ]);
  });

  it('waits longer each time, up to half a minute', () => {
    expect([1, 2, 3, 7, 50].map(backoffMs)).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  });
});
