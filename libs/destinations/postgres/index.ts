export { POSTGRES_CAPABILITIES, PostgresDestination } from './postgres.destination.js';
export { SessionStore } from './session-store.js';
export { parsePostgresConfig, postgresConnectionSpecification } from './config.schema.js';
export type { EgressCheck } from './session.js';
