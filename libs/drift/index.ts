export * from './drift-log.js';
