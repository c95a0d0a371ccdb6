import { describe, expect, it } from '@jest/globals';
import { FaultInjector, faultRulesSchema, type FaultRequest } from './faults.js';

const orders: FaultRequest = { entity: 'orders', path: '/shop/orders', hasCursor: false };

function strikes(rules: unknown[], requests: readonly FaultRequest[]): boolean[] {
  const injector = new FaultInjector();
  injector.replace(faultRulesSchema.parse(rules));
  return requests.map((request) => injector.next(request) !== undefined);
}
const nth = (rule: object, count: number): number[] =>
  strikes(
    [{ kind: 'status', ...rule }],
    Array.from({ length: count }, () => orders),
  ).flatMap((hit, i) => (hit ? [i + 1] : []));

describe('fault rules', () => {
  it('strike every request that matches, unless told otherwise', () => {
    expect(nth({}, 3)).toEqual([1, 2, 3]);
    expect(nth({ times: 2 }, 5)).toEqual([1, 2]);
    expect(nth({ everyNth: 3 }, 10)).toEqual([3, 6, 9]);
    expect(nth({ skip: 4, times: 1 }, 10)).toEqual([5]);
    expect(nth({ skip: 1, everyNth: 2, times: 2 }, 10)).toEqual([3, 5]);
  });

  it('strike with their probability, the same requests for the same seed', () => {
    const some = nth({ probability: 0.3, seed: 7 }, 1_000);
    expect(some.length).toBeGreaterThan(240);
    expect(some.length).toBeLessThan(360);
    expect(nth({ probability: 0.3, seed: 7 }, 1_000)).toEqual(some);
    expect(nth({ probability: 0.3, seed: 8 }, 1_000)).not.toEqual(some);
  });

  it('leave alone what they do not match', () => {
    const others: FaultRequest[] = [
      orders,
      { ...orders, entity: 'events', path: '/shop/events' },
      { ...orders, hasCursor: true },
    ];
    expect(strikes([{ kind: 'reset', match: { entity: 'orders' } }], others)).toEqual([true, false, true]);
    expect(strikes([{ kind: 'reset', match: { pathPrefix: '/shop/ev' } }], others)).toEqual([false, true, false]);
    expect(strikes([{ kind: 'refuse_cursor' }], others)).toEqual([false, false, true]);
  });

  it('are tried in order, and the first that strikes hides the request from the others', () => {
    const rules = [
      { kind: 'status', everyNth: 2 },
      { kind: 'reset', everyNth: 2 },
    ];
    expect(
      strikes(
        rules,
        Array.from({ length: 6 }, () => orders),
      ),
    ).toEqual([false, true, true, true, false, true]);
  });

  it.each([{ kind: 'explode' }, { kind: 'status', status: 200 }, { kind: 'reset', always: true }, { kind: 'slow', delayMs: -1 }])(
    'refuse %j',
    (rule) => {
      expect(faultRulesSchema.safeParse([rule]).success).toBe(false);
    },
  );
});
