export * from './announcement-log.js';
