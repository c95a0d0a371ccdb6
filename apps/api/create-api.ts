import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger as NestLogger, PinoLogger } from 'nestjs-pino';
import { ApiModule } from './api.module.js';
import type { CoreParts } from './core/core.module.js';
import { serveOpenApi } from './docs/openapi.js';
import { useBodyParsers } from './http/body-parsers.js';

/** Nest's own account of every module and route at start is not worth a line each. */
class QuietLogger extends NestLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!STARTUP_CONTEXTS.has(String(rest.at(-1)))) super.log(message, ...rest);
  }
}
const STARTUP_CONTEXTS = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** The API, not listening yet. Signals end it by Nest's shutdown hooks: no new requests, those under way are answered, then everything closes. */
export async function createApi(parts: CoreParts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule.with(parts), {
    ...{ bodyParser: false, bufferLogs: true, abortOnError: false, forceCloseConnections: true },
  });
  app.useLogger(new QuietLogger(app.get(PinoLogger), {}));
  app.disable('x-powered-by');
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  useBodyParsers(app);
  serveOpenApi(app, parts.version);
  return app;
}
