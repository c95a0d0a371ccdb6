import { component, defineComponent, type Component } from '../manifest/component.js';
import { enumeration, integer, list, optional, template, text } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import type { Answer } from './answer.js';
import { backoffField, type BackoffStrategy } from './backoff.component.js';

const RETRY_ACTIONS = ['SUCCESS', 'FAIL', 'RETRY', 'IGNORE', 'RATE_LIMITED'] as const;
type RetryAction = (typeof RETRY_ACTIONS)[number];
type FailureType = 'system_error' | 'config_error' | 'transient_error';

export interface Resolution {
  action: RetryAction;
  failure: FailureType;
  /** The connector author's own words, where they hold no template: those might quote a record. */
  message: string | null;
}

/** Decides what an answer means. */
export interface ErrorHandler {
  readonly maxRetries: number;
  resolve(answer: Answer, scope: Scope): Resolution;
  /** Seconds until the next try by the first strategy that knows; null: none does. */
  wait(input: { answer: Answer | null; attempt: number; scope: Scope }): number | null;
}

const DEFAULT_RETRIES = 5;
const resolution = (action: RetryAction, failure: FailureType): Resolution => ({ action, failure, message: null });

/** What a status means when no filter speaks of it (Airbyte's default mapping). */
export function defaultResolution(status: number): Resolution {
  if (status >= 200 && status < 400) return resolution('SUCCESS', 'transient_error');
  if (status === 401 || status === 403) return resolution('FAIL', 'config_error');
  if (status === 400 || status === 404 || status === 405) return resolution('FAIL', 'system_error');
  if (status === 429) return resolution('RATE_LIMITED', 'transient_error');
  return resolution('RETRY', [408, 500, 502, 503, 504].includes(status) ? 'transient_error' : 'system_error');
}

/** A filter's verdict, or null when it does not match. */
type ResponseFilter = (answer: Answer, scope: Scope) => Resolution | null;

const responseFilter = defineComponent({
  type: 'HttpResponseFilter',
  fields: {
    action: optional(enumeration(...RETRY_ACTIONS)),
    http_codes: optional(list(integer())),
    error_message: optional(template()),
    error_message_contains: optional(text()),
    predicate: optional(template()),
    failure_type: optional(enumeration('system_error', 'config_error', 'transient_error')),
  },
  build({
    action,
    http_codes: codes,
    error_message: message,
    error_message_contains: part,
    predicate,
    failure_type: failure,
  }): ResponseFilter {
    return (answer, scope) => {
      const matches =
        codes?.includes(answer.status) === true ||
        (predicate !== undefined && predicate.holds(answerScope(answer, scope))) ||
        (part !== undefined && part !== '' && errorTexts(answer.decodedOrEmpty()).some((words) => words.includes(part)));
      if (!matches) return null;
      const usual = defaultResolution(answer.status);
      return {
        action: action ?? (usual.action === 'SUCCESS' ? 'FAIL' : usual.action),
        failure: failure ?? usual.failure,
        message: message?.template.constant === true ? message.template.source : null,
      };
    };
  },
});

const defaultHandler: Component<ErrorHandler> = defineComponent({
  type: 'DefaultErrorHandler',
  fields: {
    backoff_strategies: backoffField(),
    max_retries: optional(integer(), DEFAULT_RETRIES),
    // Bounds all tries together; ours are bounded by the window already.
    max_time: optional(integer()),
    response_filters: optional(list(component(() => [responseFilter])), []),
  },
  build({ backoff_strategies: strategies = [], max_retries: maxRetries, response_filters: filters }): ErrorHandler {
    return {
      maxRetries,
      resolve(answer, scope) {
        for (const filter of filters) {
          const verdict = filter(answer, scope);
          if (verdict !== null) return verdict;
        }
        return defaultResolution(answer.status);
      },
      wait: (input) => firstKnown(strategies, input),
    };
  },
});

const compositeHandler: Component<ErrorHandler> = defineComponent({
  type: 'CompositeErrorHandler',
  fields: { error_handlers: list(component(() => errorHandlers)) },
  build({ error_handlers: handlers }, place): ErrorHandler {
    if (handlers.length === 0)
      return place.compiler.reject({ path: place.pointer, message: 'CompositeErrorHandler needs a handler' });
    return {
      maxRetries: Math.max(...handlers.map((handler) => handler.maxRetries)),
      resolve(answer, scope) {
        let last = defaultResolution(answer.status);
        for (const handler of handlers) {
          last = handler.resolve(answer, scope);
          if (last.action === 'SUCCESS' || last.action === 'RETRY' || last.action === 'IGNORE') return last;
        }
        return last;
      },
      wait: (input) =>
        firstKnown(
          handlers.map((handler) => (given) => handler.wait(given)),
          input,
        ),
    };
  },
});

/** A new error handler joins here. */
export const errorHandlers: readonly Component<ErrorHandler>[] = [defaultHandler, compositeHandler];

export const defaultErrorHandling: ErrorHandler = {
  maxRetries: DEFAULT_RETRIES,
  resolve: ({ status }) => defaultResolution(status),
  wait: () => null,
};

function firstKnown(strategies: readonly BackoffStrategy[], input: Parameters<BackoffStrategy>[0]): number | null {
  for (const strategy of strategies) {
    const wait = strategy(input);
    if (wait !== null) return wait;
  }
  return null;
}

/** The scope of a place that looks at an answer. A list's first item stands for the body, as in Airbyte. */
export function answerScope(answer: Answer, scope: Scope): Scope {
  const body = answer.decodedOrEmpty();
  return {
    ...scope,
    names: { ...scope.names, response: Array.isArray(body) ? (body[0] ?? {}) : body, headers: answer.templateHeaders() },
  };
}

/** Texts in the usual places of an error body. */
function errorTexts(body: unknown): string[] {
  if (typeof body === 'string') return [body];
  if (Array.isArray(body)) return body.flatMap(errorTexts);
  if (!isObject(body)) return [];
  const names = [
    'message',
    'messages',
    'error',
    'errors',
    'failures',
    'failure',
    'detail',
    'err',
    'error_message',
    'msg',
    'reason',
    'status_message',
  ];
  return names.flatMap((name) => (Object.hasOwn(body, name) ? errorTexts(body[name]) : []));
}
