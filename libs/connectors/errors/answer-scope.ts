import type { Scope } from '../manifest/interpolation.js';
import type { Answer } from './answer.js';

/** What a paginator's templates see of an answer, beside their own place: the first of its bodies, and its headers. */
export const answerScope = (answer: Answer, scope: Scope): Scope => ({
  ...scope,
  names: { ...scope.names, response: answer.first(), headers: answer.templateHeaders() },
});

/** What an error handler's templates see: the body as JSON ({} where it is none), headers, and the address without what may be secret. */
export function errorScope(answer: Answer, scope: Scope, config: unknown): Scope {
  return {
    nowMs: scope.nowMs,
    names: {
      config,
      response: answer.decodedOrEmpty(),
      headers: answer.plainHeaders(),
      request_url: publicAddress(answer.response.url),
    },
  };
}

/** Without query, fragment and user information. */
function publicAddress(address: string): string {
  if (!URL.canParse(address)) return '';
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}
