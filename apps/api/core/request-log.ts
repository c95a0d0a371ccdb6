import { LoggerModule } from 'nestjs-pino';
import type { DynamicModule } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../../libs/observability/index.js';

/** Of a hook only the beginning of its id: where nothing is signed, who knows the address is believed. */
const HOOK = /(\/hooks\/[^/:]{8})[^/:]*/;
const pathOf = (url: string | undefined): string => ((url ?? '').split('?')[0] ?? '').replace(HOOK, '$1…');

/** One line a request: method, path, status, time. No headers, no query, no body: they may hold secrets. */
export function requestLog(logger: Logger): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: {
      logger,
      quietReqLogger: true,
      autoLogging: { ignore: (request: IncomingMessage) => pathOf(request.url).startsWith('/v1/health') },
      serializers: {
        req: (request: { method: string; url: string }) => ({ method: request.method, path: pathOf(request.url) }),
        res: (response: { statusCode: number }) => ({ status: response.statusCode }),
      },
      // The filter has logged what failed, with its cause.
      customLogLevel: (_request: IncomingMessage, response: ServerResponse) => (response.statusCode >= 500 ? 'warn' : 'info'),
      customErrorObject: (
        _request: IncomingMessage,
        _response: ServerResponse,
        _error: Error,
        value: { res: unknown; responseTime: number },
      ) => ({
        ...{ res: value.res, responseTime: value.responseTime },
      }),
    },
  });
}
