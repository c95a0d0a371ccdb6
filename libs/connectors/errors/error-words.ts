import { isObject } from '../manifest/tree.js';
import { truthy } from '../template/values.js';

/** Where APIs put their error messages, in the order in which they are looked for. */
const NAMES = [
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

/** The message in an error's body, as Airbyte finds it; null: none. Pure. */
export function errorWords(body: unknown): string | null {
  if (typeof body === 'string') return body;
  if (Array.isArray(body))
    return body
      .map(errorWords)
      .filter((words) => words !== null)
      .join(', ');
  if (!isObject(body)) return null;
  const name = NAMES.find((known) => Object.hasOwn(body, known) && truthy(body[known]));
  return name === undefined ? null : errorWords(body[name]);
}
