import { pino, type Logger, type LoggerOptions } from 'pino';
import { safeError } from './safe-error.js';

export type { Logger } from 'pino';

const SECRET_NAMES = [
  ...['authorization', '["x-api-key"]', 'cookie', 'password', 'secret', 'secrets', 'api_key', 'apiKey', 'token'],
  ...['access_token', 'refresh_token', 'client_secret', 'credentials', 'connectionString', 'databaseUrl'],
];
const join = (prefix: string, name: string): string => (name.startsWith('[') ? `${prefix}${name}` : `${prefix}.${name}`);

/** Where a secret would be if somebody logged an object that has one: at the top, one level and two levels down. */
const REDACTED_PATHS: readonly string[] = [
  ...SECRET_NAMES,
  ...SECRET_NAMES.map((name) => join('*', name)),
  ...SECRET_NAMES.map((name) => join('*.*', name)),
];

/** pino's settings for an app: JSON lines, ISO times, secrets redacted, errors reduced to what is safe. Bodies are never to be logged at all. */
export function loggerOptions(request: { app: string; level: string }): LoggerOptions {
  return {
    level: request.level,
    base: { app: request.app, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: [...REDACTED_PATHS], censor: '[redacted]' },
    serializers: { err: safeError, error: safeError },
  };
}

/** Writes to standard output. */
export function createLogger(request: { app: string; level: string }): Logger {
  return pino(loggerOptions(request));
}
