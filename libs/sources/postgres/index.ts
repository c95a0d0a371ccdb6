export { parsePostgresSourceConfig, postgresSourceSpecification } from './config.schema.js';
export { PostgresSource } from './postgres.source.js';
