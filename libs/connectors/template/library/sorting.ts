import { spend } from '../meter.js';
import { compare } from '../operators.js';

/** A new list in order: stable, reversed ones too. Throws Python's TypeError for values without an order. */
export function sorted(items: readonly unknown[], keyOf: (item: unknown) => unknown, reverse: boolean): unknown[] {
  spend(items.length * Math.ceil(Math.log2(items.length + 1)));
  const sign = reverse ? -1 : 1;
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => sign * compare('<', a.key, b.key))
    .map(({ item }) => item);
}
