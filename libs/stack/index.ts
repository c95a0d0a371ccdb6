export { startStack, type Stack, type StackOptions } from './stack.js';
export type { ServiceInfo } from './supervisor.js';
export { exitWithParent, reportReady, type ReadyMessage } from './parent-watch.js';
export { StackError, messageOf, type StackErrorCode } from './stack-error.js';
export { readStackFile, sweep, type StackFile } from './stack-file.js';
export { askLauncher } from './control.js';
export { stateOf, waitGone, type ProcessIdentity, type ProcessState } from './process-identity.js';
export { resolveHome } from './home.js';
