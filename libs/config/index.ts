export * from './load-config.js';
export * from './env.schema.js';
export { readVersion } from './version.js';
