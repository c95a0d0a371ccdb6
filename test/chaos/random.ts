import { seededRandom } from '../../apps/demo-shop/faults.js';

/** Every choice of a chaos run comes from here, so that its seed repeats it. */
export interface Random {
  /** In [from, to). */
  between(from: number, to: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
}

export function randomFrom(seed: number): Random {
  const next = seededRandom(seed);
  const between = (from: number, to: number): number => from + next() * (to - from);
  return {
    between,
    pick: (list) => list[Math.floor(between(0, list.length))] ?? list[0],
  };
}
