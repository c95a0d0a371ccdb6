export { startStack, type Stack, type StackOptions } from './stack.js';
export { StackError } from './stack-error.js';
export { readStackFile, sweep, type StackFile } from './stack-file.js';
export { askLauncher } from './control.js';
export { stateOf, waitGone } from './process-identity.js';
export { resolveHome } from './home.js';
