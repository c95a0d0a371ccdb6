import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { SluiceError } from '../../../libs/errors/index.js';
import { hashApiKey, isApiKeyShaped } from '../../../libs/secrets/index.js';
import { findByKeyHash, type Pool } from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { IS_PUBLIC } from './public.decorator.js';
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

/** Every route needs a key but those marked Public. Errors: UNAUTHORIZED. */
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
    return true;
  }
}
