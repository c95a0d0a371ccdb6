import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { scopesOfRoute, type ApiScope } from '../../../libs/contracts/api-scope.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { hashApiKey, isApiKeyShaped } from '../../../libs/secrets/index.js';
import { findByKeyHash, takeCall, type OpenedBy, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { SCOPES } from './operation.decorator.js';
import { IS_PUBLIC } from './public.decorator.js';
import { rateLimitHeaders } from './rate-limit-headers.js';
import { setCaller } from './workspace.decorator.js';

/** `Authorization: Bearer <key>`, or `X-Api-Key: <key>`; null: none was sent. Pure. */
export function apiKeyOf(headers: {
  authorization?: string | undefined;
  'x-api-key'?: string | string[] | undefined;
}): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  const direct = headers['x-api-key'];
  return bearer ?? (typeof direct === 'string' ? direct : null);
}

/** Throws SCOPE_MISSING where a key has none of the scopes. */
export function checkScopes({ scopes: given }: Pick<OpenedBy, 'scopes'>, needed: readonly ApiScope[]): void {
  if (needed.some((scope) => given.includes(scope))) return;
  throw new SluiceError('SCOPE_MISSING', {
    detail: `the key lacks the scope ${needed.join(' or ')}`,
    details: { scope: needed.join(' ') },
  });
}

/** Every route needs a key with its scope but those marked Public. Errors: UNAUTHORIZED, SCOPE_MISSING, CALLS_LIMITED. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(POOL) private readonly pool: Pool,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const key = apiKeyOf(request.headers);
    if (key === null) throw new SluiceError('UNAUTHORIZED');
    const caller = isApiKeyShaped(key) ? await findByKeyHash(this.pool, { hash: hashApiKey(key) }) : null;
    if (caller === null) throw new SluiceError('UNAUTHORIZED', { detail: 'the key is unknown or revoked' });
    setCaller(request, caller);
    const declared = this.reflector.get<readonly ApiScope[] | undefined>(SCOPES, context.getHandler());
    const scopes = scopesOfRoute(declared, request.method);
    checkScopes(caller, scopes);
    if (declared?.length === 1 && declared[0] === 'call') await this.admitCall(caller, request);
    return true;
  }

  /** A route whose `id` names whose action is called. */
  private async admitCall({ apiKeyId, connections, callsPerMinute }: OpenedBy, request: Request): Promise<void> {
    if (connections !== null && !connections.includes(String(request.params['id']).toLowerCase()))
      throw new SluiceError('SCOPE_MISSING', { detail: 'the key may not call this connection', details: { scope: 'call' } });
    if (callsPerMinute === null) return;
    const quota = await takeCall(this.pool, { subject: `api-key:${apiKeyId}`, perMinute: callsPerMinute });
    for (const [name, value] of Object.entries(rateLimitHeaders({ policy: 'calls', perMinute: callsPerMinute, quota })))
      request.res?.setHeader(name, value);
    if (!quota.isAllowed)
      throw new SluiceError('CALLS_LIMITED', {
        detail: `the key may make ${callsPerMinute} calls a minute`,
        retryAt: Date.now() + quota.retryInMs,
      });
  }
}
