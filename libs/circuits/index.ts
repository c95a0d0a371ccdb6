export * from './pg-circuit-breakers.js';
