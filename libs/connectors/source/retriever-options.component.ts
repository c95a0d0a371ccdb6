import { defineComponent, component } from '../manifest/component.js';
import { either, enumeration, field, integer, optional, text, type Field } from '../manifest/fields.js';
import { parseDuration, type Duration } from '../time/duration.js';
import type { PageSizeReduction } from './page-size-reduction.policy.js';
import type { PaginationReset } from './page-reset.policy.js';

const number = (wanted: string, fits: (value: number) => boolean): Field<number> =>
  either(wanted, (value) => (typeof value === 'number' && fits(value) ? field(() => value) : undefined));
const atLeast = (least: number): Field<number> =>
  number(`a whole number from ${least} on`, (value) => Number.isSafeInteger(value) && value >= least);

const limits = defineComponent({
  type: 'PaginationResetLimits',
  fields: { number_of_records: optional(integer()) },
  build: ({ number_of_records: records }) => records ?? null,
});

export const paginationReset = defineComponent({
  type: 'PaginationReset',
  fields: { action: enumeration('SPLIT_USING_CURSOR', 'RESET'), limits: optional(component(() => [limits])) },
  build: ({ action, limits: limit }): PaginationReset => ({ byCursor: action === 'SPLIT_USING_CURSOR', limit: limit ?? null }),
});

export const pageSizeReduction = defineComponent({
  type: 'PageSizeReduction',
  fields: {
    reduction_factor: optional(
      number('a number above 1', (value) => value > 1),
      2,
    ),
    minimum_page_size: optional(atLeast(1), 1),
    max_attempts: optional(atLeast(1), 5),
    backoff_seconds: optional(
      number('a number of seconds', (value) => value >= 0),
      0.5,
    ),
    retries_at_minimum_page_size: optional(atLeast(0), 0),
    reset_policy: optional(enumeration('NEVER', 'AFTER_SUCCESSFUL_PAGE'), 'NEVER'),
    failure_message: optional(text()),
  },
  build: (fields): PageSizeReduction => ({
    factor: fields.reduction_factor,
    minimum: fields.minimum_page_size,
    maxAttempts: fields.max_attempts,
    backoffSeconds: fields.backoff_seconds,
    retriesAtMinimum: fields.retries_at_minimum_page_size,
    resets: fields.reset_policy === 'AFTER_SUCCESSFUL_PAGE',
    failureMessage: fields.failure_message?.trim() || null,
  }),
});

/** How a window is cut in two when the source refuses it as too large (SPLIT_REQUEST_WINDOW). */
export interface WindowSplitting {
  /** No window of this length or less is split. */
  minimum: Duration | null;
  failureMessage: string | null;
}

const fixedLength = (): Field<Duration> =>
  field((value, place) => {
    const duration = typeof value === 'string' ? parseDuration(value) : null;
    if (duration !== null && duration.months === 0 && duration.micros > 0) return duration;
    return place.compiler.reject({
      path: place.pointer,
      message: 'a positive ISO 8601 duration of days or less is expected',
      found: String(value),
      allowed: ['P1D', 'PT1H'],
    });
  });

export const requestWindowSplitting = defineComponent({
  type: 'RequestWindowSplitting',
  fields: { min_split_window: optional(fixedLength()), failure_message: optional(text()) },
  build: ({ min_split_window: minimum, failure_message: words }): WindowSplitting => ({
    minimum: minimum ?? null,
    failureMessage: words?.trim() || null,
  }),
});
