export * from './connector-catalog.port.js';
export * from './connection-opener.js';
export * from './config-secrets.js';
export { toPointer } from './json-pointer.js';
export { createConnectorCatalog } from './connector-catalog.js';
