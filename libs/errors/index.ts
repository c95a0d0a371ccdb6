export * from './error-kind.js';
export * from './error-table.js';
export * from './sluice-error.js';
export * from './problem.js';
// failure.js is imported by itself: with Temporal's library it would be loaded by everything that only needs an error.
