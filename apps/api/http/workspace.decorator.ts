import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { SluiceError } from '../../../libs/errors/index.js';
import type { OpenedBy } from '../../../libs/store/index.js';

const CALLER = Symbol('caller');
type WithCaller = Request & { [CALLER]?: OpenedBy };

/** The guard's result. */
export function setCaller(request: Request, caller: OpenedBy): void {
  (request as WithCaller)[CALLER] = caller;
}

/** Id of the workspace that the request's key opens. INTERNAL on a public route. */
export const workspaceOf = (request: Request): string => callerOf(request).workspaceId;

function callerOf(request: Request): OpenedBy {
  const caller = (request as WithCaller)[CALLER];
  if (caller === undefined) throw new SluiceError('INTERNAL', { detail: 'a route without API key asked for the caller' });
  return caller;
}

/** Parameter: id of the caller's workspace. */
export const Workspace = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  workspaceOf(context.switchToHttp().getRequest<Request>()),
);

/** Parameter: the key that the request came with, and what it may do. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): OpenedBy =>
  callerOf(context.switchToHttp().getRequest<Request>()),
);
