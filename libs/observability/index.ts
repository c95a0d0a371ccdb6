export * from './logger.js';
export { safeError, type SafeError } from './safe-error.js';
