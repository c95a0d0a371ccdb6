export { Reconciler, type ReconcilerOptions } from './reconciler.js';
export { TemporalRunControl } from './run-control.js';
export { startScheduledRun } from './scheduled-start.js';
