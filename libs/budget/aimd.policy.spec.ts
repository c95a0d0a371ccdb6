import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AIMD, afterCall, slotsOf, startOfAimd, type AimdState, type CallOutcome } from './aimd.policy.js';

const outcome: fc.Arbitrary<CallOutcome> = fc
  .record({
    kind: fc.constantFrom('answered' as const, 'overloaded' as const, 'unknown' as const),
    startedMs: fc.integer({ min: 0, max: 100_000 }),
    tookMs: fc.integer({ min: 0, max: 20_000 }),
    busy: fc.boolean(),
  })
  .map(({ kind, startedMs, tookMs, busy }) => ({ kind, startedMs, endedMs: startedMs + tookMs, busy }));
const run = (outcomes: readonly CallOutcome[], from: AimdState = startOfAimd): AimdState => outcomes.reduce(afterCall, from);

/** A server that refuses what is above its capacity; every call takes a round. Returns slots and refusals of each round. */
function simulate(capacity: number, rounds: number): { slots: number[]; refused: number[] } {
  let state = startOfAimd;
  const [slots, refused]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const [startedMs, calls] = [round * 100, slotsOf(state)];
    const over = Math.max(0, calls - capacity);
    for (let call = 0; call < calls; call++) {
      const kind = call < calls - over ? ('answered' as const) : ('overloaded' as const);
      state = afterCall(state, { kind, startedMs, endedMs: startedMs + 50, busy: true });
    }
    slots.push(calls);
    refused.push(over);
  }
  return { slots, refused };
}

describe('the AIMD policy', () => {
  it('starts with four and stays between one and thirty-two, whatever happens', () => {
    expect(slotsOf(startOfAimd)).toBe(4);
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 300 }), (outcomes) => {
        const slots = slotsOf(run(outcomes));
        expect(slots).toBeGreaterThanOrEqual(AIMD.least);
        expect(slots).toBeLessThanOrEqual(AIMD.most);
      }),
    );
  });

  it('is deterministic, and never grows with a refusal', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 50 }), outcome, (before, last) => {
        const state = run(before);
        expect(afterCall(state, last)).toEqual(afterCall(state, last));
        expect(afterCall(state, { ...last, kind: 'overloaded' }).limit).toBeLessThanOrEqual(state.limit);
        expect(afterCall(state, { ...last, kind: 'unknown' })).toBe(state);
      }),
    );
  });

  it('grows by about one a round while callers are held back, and not at all while they are not', () => {
    const answered = { kind: 'answered', startedMs: 0, endedMs: 10, busy: true } as const;
    expect(run(Array.from({ length: 4 }, () => answered)).limit).toBeCloseTo(4.9, 0);
    expect(run(Array.from({ length: 100 }, () => ({ ...answered, busy: false }))).limit).toBe(4);
  });

  it('halves once for all calls that were under way together', () => {
    const grown = { ...startOfAimd, limit: 16 };
    const refused = (startedMs: number): CallOutcome => ({ kind: 'overloaded', startedMs, endedMs: 100, busy: true });
    expect(run([refused(10), refused(20), refused(30)], grown).limit).toBe(8);
    expect(run([refused(10), refused(150)], grown).limit).toBe(4);
  });

  it('gives way when answers take many times as long as they did', () => {
    const quick = Array.from({ length: 20 }, (_, at) => ({
      kind: 'answered' as const,
      startedMs: at,
      endedMs: at + 50,
      busy: false,
    }));
    const grown = { ...run(quick), limit: 16 };
    const slow = Array.from({ length: 10 }, () => ({ kind: 'answered' as const, startedMs: 1_000, endedMs: 5_000, busy: true }));
    expect(run(slow, grown).limit).toBeLessThan(16);
    expect(run(slow, grown).limit).toBeGreaterThanOrEqual(12);
  });

  it.each([2, 5, 10, 25])('settles near a server’s capacity of %d, and hardly ever asks it to refuse', (capacity) => {
    const { slots, refused } = simulate(capacity, 400);
    const settled = slots.slice(100);
    const mean = settled.reduce((sum, one) => sum + one, 0) / settled.length;
    expect(mean).toBeGreaterThanOrEqual(capacity * 0.6);
    expect(Math.max(...settled)).toBeLessThanOrEqual(capacity + 1);
    const refusals = refused.slice(100).reduce((sum, one) => sum + one, 0);
    expect(refusals).toBeLessThan(0.03 * settled.reduce((sum, one) => sum + one, 0) + 10);
  });
});
