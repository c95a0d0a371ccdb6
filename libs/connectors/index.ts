export { compileManifest, compileManifestText } from './compile-manifest.js';
export { createDeclarativeSource } from './declarative-source.js';
export { budgetAccountOf } from './source/account.js';
export { validateConfig } from './spec/validate-config.js';
