import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, oneOrMany, optional, template, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { toFloat } from '../schema/python-casts.js';
import { isNumber, toNumber } from '../template/values.js';
import type { Answer } from './answer.js';
import { errorScope } from './answer-scope.js';
import { pythonPattern } from './python-pattern.js';

/**
 * How long to wait before the next try, in seconds; null or 0: this strategy does not know. `attempt` counts from 1; `answer` is null where none
 * came; `random`: [0, 1). Throws SOURCE_SERVER_ERROR where the wait would be longer than the manifest allows.
 */
export type BackoffStrategy = (input: {
  answer: Answer | null;
  attempt: number;
  scope: Scope;
  random: () => number;
}) => number | null;

/** A text is read as Python's float() does. */
const toSeconds = (value: unknown): number | null => {
  const number = isNumber(value) ? toNumber(value) : typeof value === 'string' ? toFloat(value) : null;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
};

/** A number of the manifest or the configuration; null where it is absent or yields none. */
const configured = (value: Interpolation | undefined, scope: Scope): number | null =>
  value === undefined ? null : toSeconds(value.evaluate(scope, null));

function required(value: Interpolation, scope: Scope): number {
  const number = toSeconds(value.evaluate(scope, null));
  if (number !== null) return number;
  throw new SluiceError('CONFIG_INVALID', {
    detail: `the waiting time at ${value.pointer} is no number`,
    details: { failure_type: 'system_error' },
  });
}

const range = (): Field<number> =>
  either('a number of seconds', (value) => (typeof value === 'number' && value >= 0 ? field(() => value) : undefined));
const jittered = (seconds: number, spread: number | undefined, random: () => number): number =>
  spread === undefined ? seconds : seconds + random() * spread * 2;

const constant = defineComponent({
  type: 'ConstantBackoffStrategy',
  fields: { backoff_time_in_seconds: template(), jitter_range_in_seconds: optional(range()) },
  build:
    ({ backoff_time_in_seconds: time, jitter_range_in_seconds: spread }): BackoffStrategy =>
    ({ scope, random }) =>
      jittered(required(time, scope), spread, random),
});

const exponential = defineComponent({
  type: 'ExponentialBackoffStrategy',
  fields: { factor: optional(template()), jitter_range_in_seconds: optional(range()) },
  build:
    ({ factor, jitter_range_in_seconds: spread }): BackoffStrategy =>
    ({ attempt, scope, random }) =>
      jittered((factor === undefined ? 5 : required(factor, scope) || 5) * 2 ** attempt, spread, random),
});

/** A header's number; a pattern finds it at the header's beginning. */
function headerNumber(answer: Answer | null, header: string, pattern: Interpolation | undefined, scope: Scope): number | null {
  const text = answer?.header(header);
  if (text === undefined || text === '') return null;
  const source = pattern?.text(scope) ?? '';
  if (source === '') return toSeconds(text);
  const found = pythonPattern(source).exec(text);
  return toSeconds(found?.index === 0 ? found[0] : text);
}

/** Refuses a wait that is as long as the manifest's own bound, or longer. */
function bounded(wait: number | null, bound: Interpolation | undefined, scope: Scope): number | null {
  if (bound === undefined || wait === null) return wait;
  const most = required(bound, scope);
  if (wait < most) return wait;
  throw new SluiceError('SOURCE_SERVER_ERROR', {
    detail: `the source asks to wait ${Math.ceil(wait)} s, and the manifest allows less than ${most} s`,
    details: { failure_type: 'transient_error' },
  });
}

const waitTime = defineComponent({
  type: 'WaitTimeFromHeader',
  fields: { header: template(), regex: optional(template()), max_waiting_time_in_seconds: optional(template()) },
  build:
    ({ header, regex, max_waiting_time_in_seconds: most }): BackoffStrategy =>
    ({ answer, scope }) => {
      const wait = headerNumber(answer, header.text(scope), regex, scope);
      return wait === 0 ? 0 : bounded(wait, most, scope);
    },
});

const waitTimeFromResponse = defineComponent({
  type: 'WaitTimeFromResponse',
  fields: { wait_time_in_seconds: template(), max_waiting_time_in_seconds: optional(template()) },
  build:
    ({ wait_time_in_seconds: time, max_waiting_time_in_seconds: most }): BackoffStrategy =>
    ({ answer, scope }) => {
      const of = answer === null ? scope : errorScope(answer, scope, scope.names['config']);
      const wait = toSeconds(evaluated(time, of));
      return wait === null || wait <= 0 ? null : bounded(wait, most, scope);
    },
});

/** It is asked of every answer, so one of another shape is left to the next strategy. */
function evaluated(time: Interpolation, scope: Scope): unknown {
  try {
    return time.evaluate(scope, null);
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

const waitUntil = defineComponent({
  type: 'WaitUntilTimeFromHeader',
  fields: {
    header: template(),
    regex: optional(template()),
    min_wait: optional(template()),
    max_waiting_time_in_seconds: optional(template()),
  },
  build:
    ({ header, regex, min_wait: least, max_waiting_time_in_seconds: most }): BackoffStrategy =>
    ({ answer, scope }) => {
      const until = headerNumber(answer, header.text(scope), regex, scope);
      const minimum = configured(least, scope) || null;
      if (until === null || until === 0) return bounded(minimum, most, scope);
      const wait = until - scope.nowMs / 1_000;
      if (minimum !== null) return bounded(Math.max(wait, minimum), most, scope);
      return wait < 0 ? null : bounded(wait, most, scope);
    },
});

/** A new way to wait joins here. */
const backoffStrategies: readonly Component<BackoffStrategy>[] = [
  constant,
  exponential,
  waitTime,
  waitTimeFromResponse,
  waitUntil,
];
export const backoffField = (): Field<BackoffStrategy[]> => optional(oneOrMany(component(() => backoffStrategies)), []);
