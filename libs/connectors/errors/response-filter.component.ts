import { defineComponent } from '../manifest/component.js';
import { enumeration, integer, list, optional, template, text } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Answer } from './answer.js';
import { errorScope } from './answer-scope.js';
import { errorWords } from './error-words.js';
import { FAILURE_TYPES } from './failure.js';
import { defaultFailure, RESPONSE_ACTIONS, type Resolution } from './resolution.js';

/** A filter's verdict, or null when it does not match. */
export type ResponseFilter = (answer: Answer, scope: Scope) => Resolution | null;

export const responseFilter = defineComponent({
  type: 'HttpResponseFilter',
  fields: {
    action: optional(enumeration(...RESPONSE_ACTIONS)),
    http_codes: optional(list(integer()), []),
    error_message: optional(template()),
    error_message_contains: optional(text(), ''),
    predicate: optional(template()),
    failure_type: optional(enumeration(...FAILURE_TYPES)),
  },
  build({ action, http_codes: codes, error_message: message, error_message_contains: part, predicate, failure_type: failure }) {
    const known = new Set(codes);
    const holds = predicate === undefined || predicate.template.source === '' ? null : predicate;
    const words = message?.template.constant === true && message.template.source !== '' ? message.template.source : null;
    return ((answer, scope) => {
      // As in Airbyte, a filter that says nothing of what to do matches nothing.
      if (action === undefined) return null;
      const matches =
        known.has(answer.status) ||
        // Predicates know nothing of the configuration.
        holds?.holds(errorScope(answer, scope, null)) === true ||
        (part !== '' && wordsOf(answer)?.includes(part) === true);
      if (!matches) return null;
      const said = action === 'FAIL' ? failure : undefined;
      return { action, failure: said ?? defaultFailure(answer.status), message: words };
    }) satisfies ResponseFilter;
  },
});

/** The error's words in a JSON body, else the whole body. */
function wordsOf(answer: Answer): string | null {
  const { body } = answer.response;
  try {
    if (body.length > 0) return errorWords(answer.decoded());
  } catch {
    // Not JSON.
  }
  return body.toString('utf8');
}
