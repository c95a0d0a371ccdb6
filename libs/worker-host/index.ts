export { installRuntime } from './temporal-runtime.js';
export { WorkerHost } from './worker-host.js';
export { workflowCode } from './workflow-code.js';
