import { describe, expect, it } from '@jest/globals';
import { allowedPerSecond, runCalls, runPace, streamForecast, type StreamProgress } from './forecast.policy.js';

const progress = (more: Partial<StreamProgress>): StreamProgress => ({
  ...{ ended: false, planComplete: true, calls: 0, done: 0, claimed: 0, pending: 0, earlierCalls: null },
  ...more,
});

describe('what a stream still needs', () => {
  it.each<[string, Partial<StreamProgress>, ReturnType<typeof streamForecast>]>([
    ['nothing when it has ended', { ended: true, calls: 7 }, { callsLeft: 0, basis: 'this_run', atLeast: false }],
    [
      'is concluded from what its slices cost, those under way being half done',
      { calls: 30, done: 4, claimed: 2, pending: 10, earlierCalls: 1_000 },
      { callsLeft: 66, basis: 'this_run', atLeast: false },
    ],
    [
      'is no fewer than that while slices are planned',
      { calls: 10, done: 10, pending: 5, planComplete: false },
      { callsLeft: 5, basis: 'this_run', atLeast: true },
    ],
    [
      'is what earlier runs needed where no slice is finished',
      { calls: 40, claimed: 1, earlierCalls: 100 },
      { callsLeft: 60, basis: 'earlier_runs', atLeast: false },
    ],
    [
      'is at least a call where it needs more than they did',
      { calls: 140, claimed: 1, earlierCalls: 100 },
      { callsLeft: 1, basis: 'earlier_runs', atLeast: true },
    ],
    ['is unknown without either', { calls: 40, claimed: 1 }, { callsLeft: null, basis: 'unknown', atLeast: false }],
  ])('%s', (_, given, expected) => {
    expect(streamForecast(progress(given))).toEqual(expected);
  });

  it('adds up, as sure as the least sure stream', () => {
    const sure = streamForecast(progress({ calls: 10, done: 1, pending: 2 }));
    const less = streamForecast(progress({ calls: 1, claimed: 1, earlierCalls: 5 }));
    const not = streamForecast(progress({ claimed: 1 }));
    expect(runCalls([sure, less])).toEqual({ callsLeft: 24, basis: 'earlier_runs', atLeast: false });
    expect(runCalls([sure, not])).toEqual({ callsLeft: null, basis: 'unknown', atLeast: false });
    expect(runCalls([])).toEqual({ callsLeft: 0, basis: 'this_run', atLeast: false });
  });
});

describe('how fast a run goes on', () => {
  it('is its share of the rate, or what it achieved where that is less', () => {
    expect(runPace({ allowed: 10, calls: 200, seconds: 10 })).toEqual({ callsPerSecond: 10, from: 'budget' });
    expect(runPace({ allowed: 10, calls: 50, seconds: 10 })).toEqual({ callsPerSecond: 5, from: 'measured' });
    expect(runPace({ allowed: 10, calls: 3, seconds: 2 })).toEqual({ callsPerSecond: 10, from: 'budget' });
    expect(runPace({ allowed: null, calls: 50, seconds: 10 })).toEqual({ callsPerSecond: 5, from: 'measured' });
    expect(runPace({ allowed: null, calls: 0, seconds: 10 })).toBeNull();
  });

  it('is bounded by the tightest rate', () => {
    expect(
      allowedPerSecond([
        { kind: 'rate', name: 'a', points: 100, period_seconds: 10 },
        { kind: 'rate', name: 'b', points: 60, period_seconds: 60 },
        { kind: 'concurrency', name: 'c', max: 2 },
      ]),
    ).toBe(1);
    expect(allowedPerSecond([{ kind: 'concurrency', name: 'c', max: 2 }])).toBeNull();
  });
});
