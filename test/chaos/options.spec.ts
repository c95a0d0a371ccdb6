import { describe, expect, it } from '@jest/globals';
import { chaosOptions } from './options.js';

describe('the arguments of npm run chaos', () => {
  it('take a suite and fall back to its rounds and a random seed', () => {
    const { suite, rounds, seed, json } = chaosOptions(['modes']);
    expect({ suite, rounds, json }).toEqual({ suite: 'modes', rounds: 5, json: undefined });
    expect(seed).toBeGreaterThan(0);
  });

  it('take rounds, seed and file', () => {
    expect(chaosOptions(['zombies', '--rounds', '1', '--seed', '7', '--json', 'x.json'])).toEqual({
      suite: 'zombies',
      rounds: 1,
      seed: 7,
      parents: 100_000,
      events: 10_000,
      destinations: ['postgres'],
      json: 'x.json',
    });
  });

  it('take one destination or all', () => {
    expect(chaosOptions(['modes', '--destination', 'duckdb']).destinations).toEqual(['duckdb']);
    expect(chaosOptions(['modes', '--destination', 'all']).destinations).toEqual(['postgres', 'duckdb']);
  });

  it.each([
    [[]],
    [['nothing']],
    [['modes', 'zombies']],
    [['modes', '--rounds', '0']],
    [['modes', '--seed', 'x']],
    [['partitions', '--parents', '0']],
    [['webhooks', '--events', 'all']],
    [['modes', '--rounds', '1.5']],
    [['modes', '--destination', 'paper']],
  ])('refuse %j with how it is written', (args) => {
    expect(() => chaosOptions(args)).toThrow('usage: npm run chaos');
  });
});
