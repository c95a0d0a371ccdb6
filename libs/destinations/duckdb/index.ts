export { duckdbConnectionSpecification, parseDuckdbConfig } from './config.schema.js';
export { DUCKDB_CAPABILITIES, DuckdbDestination } from './duckdb.destination.js';
