import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errorEntry, SluiceError, toProblem } from '../../../libs/errors/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import { LOGGER } from '../core/tokens.js';
import { allowedMethods } from './allowed-methods.js';
import { errorOfRequest } from './to-sluice-error.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Answers whatever was thrown as a problem document (RFC 9457). What is our fault is logged with its cause; the caller gets none of it. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    let error = errorOfRequest(thrown);
    const methods = error.code === 'NOT_FOUND' && !(thrown instanceof SluiceError) ? allowedMethods(request) : [];
    if (methods.length > 0) {
      error = new SluiceError('METHOD_NOT_ALLOWED', { detail: `${request.method} is not one of ${methods.join(', ')}` });
      response.setHeader('Allow', methods.join(', '));
    }
    const problem = toProblem(error);
    if (problem.status >= 500)
      this.logger.error({ err: error, code: error.code, method: request.method, route: request.path }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.code === 'UNAUTHORIZED') response.setHeader('WWW-Authenticate', 'Bearer');
    if (error.retryAt !== undefined)
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil((error.retryAt - Date.now()) / 1_000))));
    else if (errorEntry(error.code).http === 503) response.setHeader('Retry-After', '5');
    response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  }
}
