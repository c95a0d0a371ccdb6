import type { LogLevel } from '@temporalio/common';
import { makeTelemetryFilterString, Runtime, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from '../observability/index.js';

const LEVELS: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** Once per process, before any worker: our log, and no signal handlers, because the process has an owner of its shutdown already. */
export function installRuntime(logger: Logger): void {
  const log = (level: LogLevel, message: string, meta: object = {}) => logger[LEVELS[level]](plain(meta), message);
  const adapter: TemporalLogger = {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
  Runtime.install({
    shutdownSignals: [],
    logger: adapter,
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
  });
}

/** Without symbols and task tokens; errors go through the log's own serializer. */
function plain(meta: object): object {
  return Object.fromEntries(
    Object.entries(meta)
      .filter(([name]) => name !== 'taskToken')
      .map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : (value as unknown)]),
  );
}
