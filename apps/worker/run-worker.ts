import { NestFactory } from '@nestjs/core';
import { installRuntime } from '../../libs/worker-host/index.js';
import { WorkerLifecycle } from './worker-lifecycle.js';
import { WorkerModule, type WorkerParts } from './worker.module.js';

/** Runs a worker until the process is asked to end (SIGTERM, SIGINT); an end that nobody asked for ends the process with exit code 1. */
export async function runWorker(parts: WorkerParts): Promise<void> {
  const { log } = parts;
  installRuntime(log);
  const app = await NestFactory.createApplicationContext(WorkerModule.with(parts), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  const fail = (error: unknown) => {
    log.fatal({ err: error }, 'the worker ended');
    process.exitCode = 1;
    void app.close().finally(() => process.exit(1));
  };
  await app.get(WorkerLifecycle).start((error) => {
    if (error !== undefined) fail(error);
  });
  log.info({ taskQueue: 'sluice-syncs' }, 'the worker takes work');
}
