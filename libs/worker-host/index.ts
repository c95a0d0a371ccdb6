export { installRuntime } from './temporal-runtime.js';
export { WorkerHost, type TaskQueue } from './worker-host.js';
export { workflowCode } from './workflow-code.js';
