export * from './error-kind.js';
export * from './error-table.js';
export * from './sluice-error.js';
export * from './problem.js';
export * from './failure.js';
