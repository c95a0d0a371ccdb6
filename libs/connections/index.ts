export * from './connector-catalog.port.js';
export * from './connection-opener.js';
export { createConnectorCatalog } from './connector-catalog.js';
