import { component, defineComponent, type Component } from '../manifest/component.js';
import { optional, oneOrMany, template, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isNumber, toNumber } from '../template/values.js';
import type { Answer } from './answer.js';

/** How long to wait before the next try, in seconds; null: this strategy does not know. `attempt` counts from 1. */
export type BackoffStrategy = (input: { answer: Answer | null; attempt: number; scope: Scope }) => number | null;

const seconds = (value: Interpolation, scope: Scope): number | null => {
  const result = value.evaluate(scope, null);
  const number = isNumber(result) ? toNumber(result) : typeof result === 'string' ? Number(result) : NaN;
  return Number.isFinite(number) ? number : null;
};

const constant = defineComponent({
  type: 'ConstantBackoffStrategy',
  fields: { backoff_time_in_seconds: template() },
  build:
    ({ backoff_time_in_seconds: time }): BackoffStrategy =>
    ({ scope }) =>
      seconds(time, scope),
});

const exponential = defineComponent({
  type: 'ExponentialBackoffStrategy',
  fields: { factor: optional(template()) },
  build:
    ({ factor }): BackoffStrategy =>
    ({ attempt, scope }) =>
      ((factor && seconds(factor, scope)) ?? 5) * 2 ** attempt,
});

/** A header's number, or what the first group of a pattern finds in it. */
function headerNumber(answer: Answer | null, header: string, pattern: string | undefined): number | null {
  const text = answer?.header(header);
  if (text === undefined) return null;
  const found =
    pattern === undefined || pattern === ''
      ? text
      : (new RegExp(pattern).exec(text)?.[1] ?? new RegExp(pattern).exec(text)?.[0] ?? '');
  const number = Number(found);
  return found.trim() === '' || Number.isNaN(number) ? null : number;
}

const waitTime = defineComponent({
  type: 'WaitTimeFromHeader',
  fields: { header: template(), regex: optional(template()), max_waiting_time_in_seconds: optional(template()) },
  build:
    ({ header, regex }): BackoffStrategy =>
    ({ answer, scope }) =>
      headerNumber(answer, header.text(scope), regex?.text(scope)) ?? httpDate(answer, header.text(scope), scope.nowMs),
});

/** Retry-After may hold a date instead. */
function httpDate(answer: Answer | null, header: string, nowMs: number): number | null {
  const at = Date.parse(answer?.header(header) ?? '');
  return Number.isNaN(at) ? null : Math.max(0, (at - nowMs) / 1_000);
}

const waitUntil = defineComponent({
  type: 'WaitUntilTimeFromHeader',
  fields: { header: template(), regex: optional(template()), min_wait: optional(template()) },
  build:
    ({ header, regex, min_wait: least }): BackoffStrategy =>
    ({ answer, scope }) => {
      const until = headerNumber(answer, header.text(scope), regex?.text(scope));
      const minimum = least === undefined ? null : seconds(least, scope);
      if (until === null) return minimum;
      const wait = until - scope.nowMs / 1_000;
      if (minimum !== null) return Math.max(wait, minimum);
      return wait < 0 ? null : wait;
    },
});

/** A new way to wait joins here. */
const backoffStrategies: readonly Component<BackoffStrategy>[] = [constant, exponential, waitTime, waitUntil];
export const backoffField = (): Field<BackoffStrategy[] | undefined> => optional(oneOrMany(component(() => backoffStrategies)));
