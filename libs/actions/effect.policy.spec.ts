import { describe, expect, it } from '@jest/globals';
import { backoffMs, nextStep } from './effect.policy.js';

const REPEATS = ['key', 'idempotent', 'lookup', 'none'] as const;
type Last = NonNullable<Parameters<typeof nextStep>[0]>;

const DAY_MS = 86_400_000;
/** With keys that are kept for a day, and a lookup if `then` says so. */
const step = (
  last: Omit<Last, 'doubtMs'> & { doubtMs?: number },
  repeat: (typeof REPEATS)[number],
  then: 'lookup' | 'none' = 'none',
) => nextStep({ doubtMs: null, ...last }, { repeat, keyKept: repeat === 'key' ? { ms: DAY_MS, then } : null, timeoutMs: 5_000 });

describe('the next step of a call', () => {
  it.each(REPEATS)('with %s: nobody touches a try whose sender may be at work', (repeat) => {
    expect(step({ attempt: 2, state: 'sent', leftMs: 1 }, repeat)).toEqual({ kind: 'wait', ms: 1 });
    expect(step({ attempt: 2, state: 'sent', leftMs: 0 }, repeat)).not.toMatchObject({ kind: 'wait' });
  });

  it.each(REPEATS)('with %s: what was not sent is sent', (repeat) => {
    expect(nextStep(null, { repeat, keyKept: null, timeoutMs: 5_000 })).toEqual({ kind: 'send', attempt: 1 });
    expect(step({ attempt: 1, state: 'reserved', leftMs: null }, repeat)).toEqual({ kind: 'send', attempt: 1 });
    for (const state of ['postponed', 'superseded'] as const)
      expect(step({ attempt: 4, state, leftMs: -1 }, repeat)).toEqual({ kind: 'send', attempt: 5 });
  });

  it.each(REPEATS)('with %s: what has ended stays so', (repeat) => {
    for (const state of ['succeeded', 'failed', 'outcome_unknown'] as const)
      expect(step({ attempt: 1, state, leftMs: -1 }, repeat)).toEqual({ kind: 'ended' });
  });

  it('a call is never made again in doubt, unless the provider or its nature makes that safe', () => {
    const kinds = REPEATS.map((repeat) => step({ attempt: 3, state: 'sent', leftMs: -1 }, repeat));
    expect(kinds).toEqual([
      { kind: 'repeat', attempt: 3 },
      { kind: 'repeat', attempt: 3 },
      { kind: 'lookup', attempt: 3 },
      { kind: 'unknown', attempt: 3 },
    ]);
  });

  it('a key that the provider may have forgotten when the next try arrives is no key any more', () => {
    const known = { doubtMs: DAY_MS - 5_001 };
    const forgotten = { doubtMs: DAY_MS - 5_000 };
    for (const state of ['sent', 'superseded', 'postponed', 'reserved'] as const) {
      const last = { attempt: 2, state, leftMs: -1 };
      const attempt = state === 'superseded' || state === 'postponed' ? 3 : 2;
      expect(step({ ...last, ...known }, 'key')).toEqual({ kind: state === 'sent' ? 'repeat' : 'send', attempt });
      expect(step({ ...last, ...forgotten }, 'key')).toEqual({ kind: 'unknown', attempt });
      expect(step({ ...last, ...forgotten }, 'key', 'lookup')).toEqual({ kind: 'lookup', attempt });
      expect(step({ ...last, ...forgotten }, 'idempotent')).toMatchObject({ kind: state === 'sent' ? 'repeat' : 'send' });
    }
    expect(step({ attempt: 2, state: 'sent', leftMs: 1, ...forgotten }, 'key')).toEqual({ kind: 'wait', ms: 1 });
    // Nothing was ever sent, or nothing of what was sent is in doubt.
    expect(step({ attempt: 2, state: 'postponed', leftMs: -1 }, 'key')).toEqual({ kind: 'send', attempt: 3 });
  });

  it('waits longer each time, up to half a minute', () => {
    expect([1, 2, 3, 7, 50].map(backoffMs)).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  });
});
