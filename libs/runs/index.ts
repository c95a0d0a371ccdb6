export { Reconciler } from './reconciler.js';
export { RecordRelay } from './record-relay.js';
export { TemporalRunControl } from './run-control.js';
export { startScheduledRun } from './scheduled-start.js';
export { inQuietLane } from './quiet-lane.js';
export { startVerification } from './verification-control.js';
