import { describe, expect, it } from '@jest/globals';
import {
  block,
  fullBucket,
  limitHeaders,
  retryAfterHeader,
  take,
  type Bucket,
  type LimitSettings,
  type Verdict,
} from './limits.js';

const settings: LimitSettings = { rate: 10, burst: 5, retryAfterSeconds: 0, retryAfterDate: false };

/** Calls at these moments, in ms. */
function calls(moments: readonly number[], rules: LimitSettings = settings, start?: Bucket): Verdict[] {
  let bucket = start ?? fullBucket(rules, 0);
  return moments.map((now) => {
    const taken = take(bucket, rules, now);
    bucket = taken.bucket;
    return taken.verdict;
  });
}

describe('the token bucket', () => {
  it('allows the burst, then refuses, and says when to come back', () => {
    const verdicts = calls([0, 0, 0, 0, 0, 0]);
    expect(verdicts.map((v) => v.allowed)).toEqual([true, true, true, true, true, false]);
    expect(verdicts.map((v) => v.remaining)).toEqual([4, 3, 2, 1, 0, 0]);
    expect(verdicts[5]?.retryAtMs).toBe(1_000);
  });

  it('allows as many calls as the rate says over time', () => {
    expect(calls(Array.from({ length: 50 }, (_, i) => i * 100)).every((v) => v.allowed)).toBe(true);
  });

  it('refuses everything until the moment it named, though tokens have come back', () => {
    const verdicts = calls([0, 0, 0, 0, 0, 0, 500, 999, 1_000]);
    expect(verdicts.slice(5).map((v) => [v.allowed, v.retryAtMs])).toEqual([
      [false, 1_000],
      [false, 1_000],
      [false, 1_000],
      [true, undefined],
    ]);
  });

  it('calls a client late when it comes more than a second after a 429 and before its end, not earlier and not later', () => {
    const slow = { ...settings, burst: 1, retryAfterSeconds: 5 };
    expect(calls([0, 0, 900, 1_000, 1_001, 4_999, 5_000], slow).map((v) => v.late)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('does not limit at rate 0, but keeps a block that was put on it', () => {
    const free = { ...settings, rate: 0 };
    expect(
      calls(
        Array.from({ length: 100 }, () => 0),
        free,
      ).every((v) => v.allowed),
    ).toBe(true);
    const verdicts = calls([500, 1_500, 2_000], free, block(fullBucket(free, 0), 0, 2_000));
    expect(verdicts.map((v) => [v.allowed, v.late])).toEqual([
      [false, false],
      [false, true],
      [true, false],
    ]);
    expect(limitHeaders(free, verdicts[2] as Verdict, 0)).toEqual({});
  });

  it('writes the headers of the IETF draft and the older ones', () => {
    const [first] = calls([10_000], settings, fullBucket(settings, 10_000));
    expect(limitHeaders(settings, first as Verdict, 10_000)).toEqual({
      'ratelimit-policy': '"default";q=5;w=1',
      ratelimit: '"default";r=4;t=1',
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '4',
      'x-ratelimit-reset': '11',
    });
  });

  it('names the end of a block in whole seconds, or as an HTTP date that is not before it', () => {
    expect(retryAfterHeader(settings, 3_500, 1_000)).toBe('3');
    const dated = { ...settings, burst: 1, retryAfterDate: true };
    const [, refused] = calls([400, 400], dated);
    expect(refused?.retryAtMs).toBe(2_000);
    expect(retryAfterHeader(dated, 2_000, 400)).toBe('Thu, 01 Jan 1970 00:00:02 GMT');
  });
});
