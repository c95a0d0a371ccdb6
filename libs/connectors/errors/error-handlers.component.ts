import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isInteger } from '../template/values.js';
import type { Answer } from './answer.js';
import { backoffField, type BackoffStrategy } from './backoff.component.js';
import { defaultResolution, UNKNOWN_TROUBLE, type Resolution, type ResponseAction } from './resolution.js';
import { responseFilter } from './response-filter.component.js';

/** Decides what an answer, or the lack of one, means. */
export interface ErrorHandler {
  /** Tries after the first one. Throws CONFIG_INVALID. */
  maxRetries(scope: Scope): number;
  resolve(answer: Answer, scope: Scope): Resolution;
  /** What it means that no answer came. */
  readonly noAnswer: Resolution;
  /** Asked one after another until one knows. */
  readonly strategies: readonly BackoffStrategy[];
}

const DEFAULT_RETRIES = 5;

export const defaultErrorHandling: ErrorHandler = {
  maxRetries: () => DEFAULT_RETRIES,
  resolve: ({ status }) => defaultResolution(status),
  noAnswer: UNKNOWN_TROUBLE,
  strategies: [],
};

const defaultHandler: Component<ErrorHandler> = defineComponent({
  type: 'DefaultErrorHandler',
  fields: {
    backoff_strategies: backoffField(),
    max_retries: optional(template()),
    response_filters: optional(list(component(() => [responseFilter])), []),
  },
  // Not in Airbyte's format any more.
  ignored: ['max_time'],
  build({ backoff_strategies: strategies, max_retries: retries, response_filters: filters }): ErrorHandler {
    return {
      ...defaultErrorHandling,
      strategies,
      maxRetries(scope) {
        if (retries === undefined) return DEFAULT_RETRIES;
        const found = retries.evaluate(scope, DEFAULT_RETRIES);
        const count = typeof found === 'string' && /^-?\d+$/.test(found.trim()) ? Number(found) : found;
        if (isInteger(count)) return Math.max(0, Number(count));
        throw new SluiceError('CONFIG_INVALID', { detail: `max_retries at ${retries.pointer} is no whole number` });
      },
      resolve(answer, scope) {
        for (const filter of filters) {
          const verdict = filter(answer, scope);
          if (verdict !== null) return verdict;
        }
        return defaultResolution(answer.status);
      },
    };
  },
});

/** Verdicts that no later handler can change. */
const FINAL: ReadonlySet<ResponseAction> = new Set([
  'SUCCESS',
  'RETRY',
  'IGNORE',
  'RESET_PAGINATION',
  'REDUCE_PAGE_SIZE',
  'SPLIT_REQUEST_WINDOW',
]);

const compositeHandler: Component<ErrorHandler> = defineComponent({
  type: 'CompositeErrorHandler',
  fields: { error_handlers: list(component(() => errorHandlers)) },
  build({ error_handlers: handlers }, place): ErrorHandler {
    const [first] = handlers;
    if (first === undefined)
      return place.compiler.reject({ path: place.pointer, message: 'CompositeErrorHandler needs a handler' });
    return {
      maxRetries: (scope) => first.maxRetries(scope),
      noAnswer: first.noAnswer,
      strategies: handlers.flatMap((handler) => handler.strategies),
      resolve(answer, scope) {
        let last = first.resolve(answer, scope);
        for (const handler of handlers.slice(1)) {
          if (FINAL.has(last.action)) break;
          last = handler.resolve(answer, scope);
        }
        return last;
      },
    };
  },
});

/** A new error handler joins here. */
export const errorHandlers: readonly Component<ErrorHandler>[] = [defaultHandler, compositeHandler];
