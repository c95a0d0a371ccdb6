export { checkInput } from './check-input.js';
export { compileActions } from './compile-actions.js';
export { createDeclarativeActions } from './declarative-actions.js';
export { sluiceFileError } from './sluice-file-error.js';
export { parseSluiceFile } from './parse-sluice-file.js';
