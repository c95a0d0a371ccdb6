export { compileManifest, compileManifestText } from './compile-manifest.js';
export { createDeclarativeSource } from './declarative-source.js';
export { createVault, type Exchange } from './auth/flights.js';
export { missingWords } from './custom/available.js';
export { budgetAccountOf } from './source/account.js';
export { outlineStreams } from './source/outline-streams.js';
export { openConfig } from './source/open-config.js';
export { schemaErrors, validateConfig } from './spec/validate-config.js';
export * from './actions/index.js';
