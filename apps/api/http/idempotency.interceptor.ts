import {
  applyDecorators,
  Inject,
  Injectable,
  SetMetadata,
  type CallHandler,
  type CustomDecorator,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { createHash, randomUUID } from 'node:crypto';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { SluiceError, toProblem } from '../../../libs/errors/index.js';
import {
  canonicalJson,
  findIdempotencyEntry,
  IDEMPOTENCY_ALIVE_SECONDS,
  releaseIdempotencyKey,
  reserveIdempotencyKey,
  storeIdempotentAnswer,
  touchIdempotencyKey,
  type IdempotencyEntry,
  type Pool,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { PROBLEM_TYPE } from './problem.filter.js';
import { errorOfRequest } from './to-sluice-error.js';
import { workspaceOf } from './workspace.decorator.js';

/** Printable ASCII; long enough for any UUID or composed key. */
const KEY_SHAPE = /^[\x21-\x7e]{1,255}$/;
const SIGN_OF_LIFE_MS = (IDEMPOTENCY_ALIVE_SECONDS * 1_000) / 4;
/** Headers of an answer that a repeat gets as well. */
const KEPT_HEADERS = ['location', 'content-type'];

const NOT_KEPT = Symbol('not kept');
/** The answer holds a secret: nothing keeps it, so `Idempotency-Key` is refused. */
export const AnswerNotKept = (): MethodDecorator =>
  applyDecorators(SetMetadata(NOT_KEPT, true), ApiExtension(ANSWER_NOT_KEPT, true));
/** The field of an operation by which the document's maker knows it; it is not published. */
export const ANSWER_NOT_KEPT = 'x-answer-not-kept';

const KEPT_ELSEWHERE = Symbol('kept elsewhere');
/** The handler keeps its answers by their Idempotency-Key itself. */
export const KeepsIdempotency = (): CustomDecorator<symbol> => SetMetadata(KEPT_ELSEWHERE, true);

/** The request's key; undefined: it has none. Errors: INVALID_REQUEST. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY_SHAPE.test(key))
    throw new SluiceError('INVALID_REQUEST', { detail: 'Idempotency-Key must be 1 to 255 printable ASCII characters' });
  return key;
}

interface Reservation {
  workspaceId: string;
  key: string;
  owner: string;
}

/**
 * `Idempotency-Key` on POST: the first answer is kept and repeated (with `Idempotency-Replayed: true`), refusals included; failures on our
 * side and those worth a retry are not. Errors: IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_FLIGHT, INVALID_REQUEST.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(POOL) private readonly pool: Pool,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (request.method !== 'POST' || this.reflector.get<boolean | undefined>(KEPT_ELSEWHERE, context.getHandler()))
      return next.handle();
    const key = idempotencyKeyOf(request);
    if (key === undefined) return next.handle();
    if (this.reflector.get<boolean | undefined>(NOT_KEPT, context.getHandler()))
      throw new SluiceError('INVALID_REQUEST', {
        detail: 'Idempotency-Key cannot be used here: the answer holds a secret and is not kept',
      });
    return from(this.once({ workspaceId: workspaceOf(request), key, owner: randomUUID() }, request, http.getResponse(), next));
  }

  private async once(reservation: Reservation, request: Request, response: Response, next: CallHandler): Promise<unknown> {
    const requestHash = hashRequest(request);
    if (!(await reserveIdempotencyKey(this.pool, { ...reservation, requestHash }))) {
      const entry = await findIdempotencyEntry(this.pool, reservation);
      return replay(entry, requestHash, response);
    }
    const alive = setInterval(() => void touchIdempotencyKey(this.pool, reservation).catch(() => {}), SIGN_OF_LIFE_MS);
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      // The work is done: that its answer could not be kept must not make it look undone.
      await this.keep(reservation, { status: response.statusCode, headers: keptHeaders(response), body }).catch(() => {});
      return body;
    } catch (thrown) {
      await this.keepRefusal(reservation, errorOfRequest(thrown)).catch(() => {});
      throw thrown;
    } finally {
      clearInterval(alive);
    }
  }

  private async keepRefusal(reservation: Reservation, error: SluiceError): Promise<void> {
    const problem = toProblem(error);
    if (problem.status >= 500 || error.retryable) await releaseIdempotencyKey(this.pool, reservation);
    else await this.keep(reservation, { status: problem.status, headers: { 'content-type': PROBLEM_TYPE }, body: problem });
  }

  private keep(
    reservation: Reservation,
    answer: { status: number; headers: Record<string, string>; body: unknown },
  ): Promise<void> {
    return storeIdempotentAnswer(this.pool, { ...reservation, ...answer });
  }
}

function hashRequest(request: Request): Buffer {
  const body = typeof request.body === 'string' ? request.body : canonicalJson(request.body ?? null);
  return createHash('sha256').update(`${request.method} ${request.originalUrl}\n`).update(body).digest();
}

function keptHeaders(response: Response): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = response.getHeader(name);
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function replay(entry: IdempotencyEntry | null, requestHash: Buffer, response: Response): unknown {
  if (entry !== null && !entry.requestHash.equals(requestHash)) throw new SluiceError('IDEMPOTENCY_KEY_REUSED');
  // The entry may have been released between the two statements: the caller repeats, and then it is free.
  if (entry?.status == null) throw new SluiceError('IDEMPOTENCY_IN_FLIGHT');
  response.status(entry.status).setHeader('Idempotency-Replayed', 'true');
  for (const [name, value] of Object.entries(entry.headers ?? {})) response.setHeader(name, value);
  return entry.body ?? undefined;
}
