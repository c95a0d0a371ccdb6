import type { BudgetLimit } from '../../contracts/budget.schema.js';
import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { field, integer, list, optional, template, text, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isInteger } from '../template/values.js';
import { parseDuration } from '../time/duration.js';
import type { ApiBudget, CallPolicy } from './api-budget.js';
import { requestMatcher } from './request-matcher.component.js';

const SECONDS_PER_MONTH = 30 * 86_400;

/** Seconds of an ISO 8601 duration. */
const period = (): Field<number> =>
  field((value, place) => {
    const duration = typeof value === 'string' ? parseDuration(value) : null;
    const seconds = duration === null ? 0 : duration.micros / 1_000_000 + duration.months * SECONDS_PER_MONTH;
    if (seconds > 0) return seconds;
    return place.compiler.reject({
      path: place.pointer,
      message: 'a positive ISO 8601 duration is expected',
      found: String(value),
      allowed: ['PT1M', 'P1D'],
    });
  });

/** A number of calls, which may come from the configuration. */
function count(value: Interpolation, scope: Scope): number {
  const found = value.evaluate(scope, null);
  const number = typeof found === 'string' && /^\d+$/.test(found.trim()) ? Number(found) : found;
  if (isInteger(number) && number >= 1) return Number(number);
  throw new SluiceError('CONFIG_INVALID', { detail: `the number of calls at ${value.pointer} is not a positive whole number` });
}

const rateOf = (name: string, points: number, seconds: number): BudgetLimit => ({
  kind: 'rate',
  name,
  points,
  period_seconds: seconds,
});

const rate = defineComponent({
  type: 'Rate',
  fields: { limit: template(), interval: period() },
  build: (fields) => fields,
});

const matchers = () => optional(list(component(() => [requestMatcher])), []);

const movingWindow = defineComponent({
  type: 'MovingWindowCallRatePolicy',
  fields: { rates: list(component(() => [rate])), matchers: matchers() },
  build: ({ rates, matchers: found }): CallPolicy => ({
    matchers: found,
    limits: (scope) => rates.map(({ limit, interval }, index) => rateOf(`rate-${index + 1}`, count(limit, scope), interval)),
  }),
});

const fixedWindow = defineComponent({
  type: 'FixedWindowCallRatePolicy',
  fields: { period: period(), call_limit: template(), matchers: matchers() },
  build: ({ period: seconds, call_limit: calls, matchers: found }): CallPolicy => ({
    matchers: found,
    limits: (scope) => [rateOf('rate', count(calls, scope), seconds)],
  }),
});

const unlimited = defineComponent({
  type: 'UnlimitedCallRatePolicy',
  fields: { matchers: matchers() },
  build: ({ matchers: found }): CallPolicy => ({ matchers: found, limits: () => [] }),
});

const policies: readonly Component<CallPolicy>[] = [movingWindow, fixedWindow, unlimited];

/** What a manifest says of the calls that its provider allows. */
export const httpApiBudget = defineComponent({
  type: 'HTTPAPIBudget',
  fields: {
    policies: list(component(() => policies)),
    ratelimit_reset_header: optional(text()),
    ratelimit_remaining_header: optional(text()),
    status_codes_for_ratelimit_hit: optional(list(integer()), []),
  },
  build: ({
    policies: all,
    ratelimit_reset_header: reset,
    ratelimit_remaining_header: remaining,
    status_codes_for_ratelimit_hit: statuses,
  }): ApiBudget => ({
    policies: all,
    headerNames: { ...(reset === undefined ? {} : { reset }), ...(remaining === undefined ? {} : { remaining }) },
    statuses,
  }),
});
