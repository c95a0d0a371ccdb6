import { describe, expect, it } from '@jest/globals';
import type { MoverProgress, SyncSettings } from '../libs/contracts/workflows.js';
import {
  afterFailure,
  afterWindow,
  backoffMs,
  freshCarry,
  isHeld,
  reopened,
  runError,
  withThousands,
  type StepFailure,
} from './sync.policy.js';

const settings: SyncSettings = { windowMs: 60_000, heartbeatTimeoutMs: 10_000, failureBudget: 3, continueAfterEvents: 0 };
const mover = (): MoverProgress => ({ id: '0', attempt: 1, failures: 0, done: false });
const failure = (over: Partial<StepFailure> = {}): StepFailure => ({
  error: { code: 'SOURCE_SERVER_ERROR' },
  retryable: true,
  lost: false,
  progressed: false,
  ...over,
});

describe('the budget of failures', () => {
  it('lets a mover fail as often in a row as it says, at once first, then later and later', () => {
    const m = mover();
    const verdicts = [1, 2, 3, 4].map(() => afterFailure(m, failure(), settings));
    expect(verdicts).toEqual([
      { kind: 'retry', delayMs: 0 },
      { kind: 'retry', delayMs: 1_000 },
      { kind: 'retry', delayMs: 2_000 },
      { kind: 'give_up' },
    ]);
    expect([5, 6, 7, 8].map(backoffMs)).toEqual([8_000, 16_000, 30_000, 30_000]);
  });

  it('is filled up again by a commit, before or after the failure', () => {
    const m = mover();
    for (let n = 0; n < 20; n += 1) expect(afterFailure(m, failure({ progressed: true }), settings).kind).toBe('retry');
    m.failures = 3;
    afterWindow(freshCarry(settings, []), m, { status: 'more', chunks: 1, slices: 0 });
    expect(m.failures).toBe(0);
  });

  it('is not asked about what trying again cannot help, and does not wait for a worker that died', () => {
    expect(afterFailure(mover(), failure({ retryable: false, error: { code: 'SOURCE_AUTH_FAILED' } }), settings).kind).toBe(
      'give_up',
    );
    const m = { ...mover(), failures: 2 };
    expect(afterFailure(m, failure({ lost: true }), settings)).toEqual({ kind: 'retry', delayMs: 0 });
  });

  it('takes a stale writer for what it is: another attempt was quicker', () => {
    expect(afterFailure(mover(), failure({ retryable: false, error: { code: 'STALE_WRITER' } }), settings).kind).toBe('retry');
    expect(afterFailure(mover(), failure({ retryable: false, error: { code: 'STALE_RUN' } }), settings).kind).toBe('give_up');
  });
});

describe('progress', () => {
  const carryWith = (movers: number) => {
    const carry = freshCarry(settings, [{ name: 's', movers }]);
    for (const m of carry.streams[0]!.movers) m.attempt = 1;
    return carry;
  };
  const idle = { status: 'more', chunks: 0, slices: 0 } as const;

  it('has to be made within three windows', () => {
    const carry = carryWith(1);
    const [m] = carry.streams[0]!.movers;
    expect([1, 2, 3].map(() => afterWindow(carry, m!, idle))).toEqual(['go_on', 'go_on', 'no_progress']);
  });

  it('of one mover counts for all, since they share a budget', () => {
    const carry = carryWith(4);
    const movers = carry.streams[0]!.movers;
    for (let n = 0; n < 11; n += 1) expect(afterWindow(carry, movers[n % 4]!, { ...idle, status: 'throttled' })).toBe('go_on');
    afterWindow(carry, movers[0]!, { status: 'more', chunks: 0, slices: 1 });
    expect(carry.idleWindows).toBe(0);
  });

  it('is not expected of a window that found the destination held by another process', () => {
    const carry = carryWith(1);
    const [m] = carry.streams[0]!.movers;
    const held = { ...idle, status: 'throttled', held: true } as const;
    for (let n = 0; n < 10; n += 1) expect(afterWindow(carry, m!, held)).toBe('go_on');
    expect(isHeld({ error: { code: 'DESTINATION_IN_USE' } })).toBe(true);
    expect(isHeld({ error: { code: 'DESTINATION_BUSY' } })).toBe(false);
  });

  it('is not expected of a window that was cut short', () => {
    const carry = carryWith(1);
    const [m] = carry.streams[0]!.movers;
    for (let n = 0; n < 10; n += 1) expect(afterWindow(carry, m!, { status: 'drained', chunks: 0, slices: 0 })).toBe('go_on');
  });
});

describe('a run', () => {
  it('ends with the first failed stream, saying how many failed', () => {
    const carry = freshCarry(settings, [
      { name: 'a', movers: 1 },
      { name: 'b', movers: 1 },
      { name: 'c', movers: 1 },
    ]);
    expect(runError(carry)).toBeUndefined();
    Object.assign(carry.streams[1]!, { state: 'failed', error: { code: 'TABLE_OWNED', stream: 'b' } });
    expect(runError(carry)).toEqual({ code: 'TABLE_OWNED', stream: 'b' });
    Object.assign(carry.streams[2]!, { state: 'failed', error: { code: 'INTERNAL', stream: 'c' } });
    expect(runError(carry)).toEqual({ code: 'TABLE_OWNED', stream: 'b', details: { failed_streams: 2 } });
  });

  it('never repeats an owner: movers that work again go on counting', () => {
    expect(reopened([{ id: '0', attempt: 5, failures: 1, done: true }], 2)).toEqual([
      { id: '0', attempt: 5, failures: 1, done: false },
      { id: '1', attempt: 0, failures: 0, done: false },
    ]);
  });

  it('shows large numbers readably', () => {
    expect([0, 999, 1_000, 1_234_567].map(withThousands)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
});
