export { POSTGRES_CAPABILITIES, PostgresDestination, type PostgresDestinationOptions } from './postgres.destination.js';
export { parsePostgresConfig, postgresConnectionSpecification, type PostgresConfig } from './config.schema.js';
export type { EgressCheck } from './session.js';
