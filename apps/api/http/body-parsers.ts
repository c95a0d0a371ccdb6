import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { SluiceError } from '../../../libs/errors/index.js';
import { parseJson } from '../../../libs/json/index.js';

const BODY_LIMIT = '1mb';
const MANIFEST_LIMIT = '4mb';
/** Of a stream with very many partitions. */
const STATE_LIMIT = '32mb';
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const YAML_TYPE = /^(?:application\/(?:x-)?yaml|text\/(?:x-)?yaml)\s*(?:;|$)/i;

const typeOf = (request: IncomingMessage): string => request.headers['content-type'] ?? '';
const takesManifest = (request: IncomingMessage): boolean => /^\/v1\/connectors\/?(?:\?|$)/.test(request.url ?? '');
const isJson = (request: IncomingMessage): boolean => JSON_TYPE.test(typeOf(request));
/** A definition of a flow. */
const takesFlow = (request: IncomingMessage): boolean =>
  (request.method === 'POST' && /^\/v1\/flows\/?(?:\?|$)/.test(request.url ?? '')) ||
  (request.method === 'PUT' && /^\/v1\/flows\/[^/]+\/?(?:\?|$)/.test(request.url ?? ''));
const isYaml = (request: IncomingMessage): boolean =>
  (takesManifest(request) || takesFlow(request)) && YAML_TYPE.test(typeOf(request));
/** A state's numbers keep their digits. */
const takesState = (request: IncomingMessage): boolean =>
  request.method === 'PUT' && /^\/v1\/syncs\/[^/]+\/state\/?(?:\?|$)/.test(request.url ?? '');
/** The input of an action or a flow, for the same reason. */
const takesInput = (request: IncomingMessage): boolean =>
  request.method === 'POST' &&
  /^\/v1\/(?:connections\/[^/]+\/actions\/[^/]+|flows\/[^/]+\/runs|flows\/[^/]+:dry-run)\/?(?:\?|$)/.test(request.url ?? '');
const keepsDigits = (request: IncomingMessage): boolean => takesState(request) || takesInput(request);
/** What a provider signed is read as it came, by who verifies it. */
const takesRaw = (request: IncomingMessage): boolean => /^\/v1\/hooks\/[^/]+\/?(?:\?|$)/.test(request.url ?? '');
const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

const MOST_TYPE = 100;
function notRead(request: IncomingMessage): SluiceError {
  const type = typeOf(request).slice(0, MOST_TYPE);
  const taken =
    takesManifest(request) || takesFlow(request) ? 'application/json and application/yaml are' : 'application/json is';
  return new SluiceError('UNSUPPORTED_MEDIA_TYPE', {
    detail: `${type === '' ? 'the body has no Content-Type' : `the body’s Content-Type is ${type}`}; ${taken} read here`,
  });
}

/** JSON everywhere, YAML where a manifest is taken; a body of any other type is refused rather than ignored. */
export function useBodyParsers(app: NestExpressApplication): void {
  app.use((request: Request, _response: Response, next: NextFunction) => {
    const isKnown = isJson(request) || isYaml(request) || takesRaw(request);
    next(hasBody(request) && !isKnown ? notRead(request) : undefined);
  });
  app.useBodyParser('json', {
    limit: MANIFEST_LIMIT,
    type: (request: IncomingMessage) => takesManifest(request) && isJson(request),
  });
  app.useBodyParser('text', { limit: MANIFEST_LIMIT, type: isYaml });
  app.useBodyParser('json', {
    limit: BODY_LIMIT,
    type: (request: IncomingMessage) => !takesManifest(request) && !keepsDigits(request) && !takesRaw(request) && isJson(request),
  });
  app.useBodyParser('text', { limit: STATE_LIMIT, type: (request: IncomingMessage) => takesState(request) && isJson(request) });
  app.useBodyParser('text', { limit: BODY_LIMIT, type: (request: IncomingMessage) => takesInput(request) && isJson(request) });
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (!keepsDigits(request) || typeof request.body !== 'string') return next();
    try {
      request.body = parseJson(request.body);
      next();
    } catch {
      next(new SluiceError('INVALID_REQUEST', { detail: 'the body is not JSON' }));
    }
  });
}
