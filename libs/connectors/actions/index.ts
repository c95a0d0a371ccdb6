export { checkInput } from './check-input.js';
export { compileSluice } from './compile-actions.js';
export { createDeclarativeActions } from './declarative-actions.js';
export { sluiceFileError } from './sluice-file-error.js';
export { compileRowInput, type RowInput } from './row-input.js';
export { parseSluiceFile } from './parse-sluice-file.js';
