export { flowWorkflow as flow } from './flow.workflow.js';
export { actionWorkflow, localActionWorkflow as action } from './action.workflow.js';
export { syncWorkflow } from './sync.workflow.js';
export { scheduledSyncWorkflow } from './scheduled-sync.workflow.js';
export { verifyWorkflow } from './verify.workflow.js';
export { scheduledFlowWorkflow as scheduledFlow } from './scheduled-flow.workflow.js';
