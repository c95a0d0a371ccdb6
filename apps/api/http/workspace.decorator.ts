import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { SluiceError } from '../../../libs/errors/index.js';

const WORKSPACE = Symbol('workspace');
type WithWorkspace = Request & { [WORKSPACE]?: string };

/** The guard's result. */
export function setWorkspace(request: Request, workspaceId: string): void {
  (request as WithWorkspace)[WORKSPACE] = workspaceId;
}

/** Id of the workspace that the request's key opens. INTERNAL on a public route. */
export function workspaceOf(request: Request): string {
  const workspaceId = (request as WithWorkspace)[WORKSPACE];
  if (workspaceId === undefined) throw new SluiceError('INTERNAL', { detail: 'a route without API key asked for the workspace' });
  return workspaceId;
}

/** Parameter: id of the caller's workspace. */
export const Workspace = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  workspaceOf(context.switchToHttp().getRequest<Request>()),
);
