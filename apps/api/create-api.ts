import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ApiModule } from './api.module.js';
import type { CoreParts } from './core/core.module.js';
import { NestLog } from './core/nest-log.js';
import { serveOpenApi } from './docs/openapi.js';
import { useBodyParsers } from './http/body-parsers.js';

/** The API, not listening yet. Signals end it by Nest's shutdown hooks: no new requests, those under way are answered, then everything closes. */
export async function createApi(parts: CoreParts): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule.with(parts), {
    ...{ bodyParser: false, logger: new NestLog(parts.logger), abortOnError: false, forceCloseConnections: true },
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  useBodyParsers(app);
  serveOpenApi(app, parts.version);
  return app;
}
