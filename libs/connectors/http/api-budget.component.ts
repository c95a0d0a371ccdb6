import type { BudgetLimit } from '../../contracts/budget.schema.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, integer, json, list, optional, text, type Field } from '../manifest/fields.js';
import { parseDuration } from '../time/duration.js';

/** Seconds of an ISO 8601 duration. */
const period = (): Field<number> =>
  field((value, place) => {
    const duration = typeof value === 'string' ? parseDuration(value) : null;
    const seconds = duration === null ? 0 : duration.micros / 1_000_000 + duration.months * 30 * 86_400;
    if (seconds > 0 && seconds <= 86_400) return seconds;
    return place.compiler.reject({
      path: place.pointer,
      message: 'an ISO 8601 duration of at most a day is expected',
      found: String(value),
      allowed: ['PT1M'],
    });
  });
const count = (): Field<number> =>
  either<number>('a whole number', (value) =>
    typeof value === 'number'
      ? integer()
      : typeof value === 'string' && /^\d+$/.test(value)
        ? field(() => Number(value))
        : undefined,
  );

interface Policy {
  limits: BudgetLimit[];
  /** It speaks of some calls only. */
  selective: boolean;
}

const rate = defineComponent({ type: 'Rate', fields: { limit: count(), interval: period() }, build: (fields) => fields });

const movingWindow = defineComponent({
  type: 'MovingWindowCallRatePolicy',
  fields: { rates: list(component(() => [rate])), matchers: optional(list(json()), []) },
  build: ({ rates, matchers }): Policy => ({
    limits: rates.map(({ limit, interval }, index) => ({
      kind: 'rate',
      name: `rate-${index + 1}`,
      points: limit,
      period_seconds: interval,
    })),
    selective: matchers.length > 0,
  }),
});

const fixedWindow = defineComponent({
  type: 'FixedWindowCallRatePolicy',
  fields: { period: period(), call_limit: count(), matchers: optional(list(json()), []) },
  build: ({ period: seconds, call_limit: points, matchers }): Policy => ({
    limits: [{ kind: 'rate', name: 'rate', points, period_seconds: seconds }],
    selective: matchers.length > 0,
  }),
});

const unlimited = defineComponent({
  type: 'UnlimitedCallRatePolicy',
  fields: { matchers: optional(list(json()), []) },
  build: ({ matchers }): Policy => ({ limits: [], selective: matchers.length > 0 }),
});

const policies: readonly Component<Policy>[] = [movingWindow, fixedWindow, unlimited];

/** Limits of the whole account. One policy holds for all calls, which can only be stricter than its matchers ask. */
export const httpApiBudget = defineComponent({
  type: 'HTTPAPIBudget',
  fields: {
    policies: list(component(() => policies)),
    ratelimit_reset_header: optional(text()),
    ratelimit_remaining_header: optional(text()),
    status_codes_for_ratelimit_hit: optional(list(integer())),
  },
  build({ policies: all }, place): BudgetLimit[] {
    if (all.length > 1 && all.some(({ selective }) => selective))
      return place.compiler.reject(
        { path: place.pointer, message: 'several policies with matchers are not covered' },
        'unsupported',
      );
    return all.flatMap(({ limits }) => limits);
  },
});
