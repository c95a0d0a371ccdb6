export * from './await-end.js';
export * from './data-converter.js';
export * from './payload-codec.js';
export * from './run-ends.js';
export * from './temporal-client.js';
export * from './tracing.js';
