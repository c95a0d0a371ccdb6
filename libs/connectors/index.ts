export { compileManifest, compileManifestText, type CompiledManifest } from './compile-manifest.js';
export { createDeclarativeSource, type DeclarativeSourceOptions } from './declarative-source.js';
export { budgetAccountOf } from './source/account.js';
export type { SourceModel } from './source/source.component.js';
export { validateConfig } from './spec/validate-config.js';
