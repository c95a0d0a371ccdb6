export * from './perform-action.js';
export { failedBy } from './end-action-run.js';
export * from './sealed-text.js';
export * from './action-control.js';
