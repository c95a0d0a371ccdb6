export * from './perform-action.js';
export { failedBy, toRunError } from './end-action-run.js';
export * from './reserve-action.js';
export { ABANDONED, dropAction } from './drop-action.js';
export * from './action-control.js';
