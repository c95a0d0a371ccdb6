import { SluiceError } from '../../errors/index.js';
import type { Session } from './session.js';

const VERSION = 1;

/**
 * What Sluice keeps in the file: the tables of the PostgreSQL destination, by the same names. They have no keys: transactions take turns, so
 * the code that looks before it writes is enough, and DuckDB's indexes would refuse rows that one transaction deletes and inserts again.
 */
const TABLES = `
CREATE SCHEMA sluice;
CREATE TABLE sluice.meta (version INTEGER NOT NULL);
CREATE SEQUENCE sluice.stream_id;
CREATE TABLE sluice.stream (
  installation VARCHAR NOT NULL, sync_id VARCHAR NOT NULL, stream VARCHAR NOT NULL, lane VARCHAR NOT NULL,
  id BIGINT NOT NULL, epoch BIGINT NOT NULL, run_id VARCHAR NOT NULL, prepared_run VARCHAR, finished_run VARCHAR,
  generation BIGINT NOT NULL, loading BOOLEAN NOT NULL, reset BOOLEAN NOT NULL, state VARCHAR, state_version BIGINT NOT NULL,
  schema_version INTEGER NOT NULL, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.state_history (
  stream_id BIGINT NOT NULL, version BIGINT NOT NULL, state VARCHAR, origin VARCHAR NOT NULL, run_id VARCHAR, "at" TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.layout (stream_id BIGINT NOT NULL, schema_version INTEGER NOT NULL, columns VARCHAR NOT NULL, children VARCHAR NOT NULL);
CREATE TABLE sluice.checkpoint (
  stream_id BIGINT NOT NULL, run_id VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, spec VARCHAR NOT NULL, "partition" VARCHAR NOT NULL,
  fence BIGINT NOT NULL, seq INTEGER NOT NULL, position VARCHAR, done BOOLEAN NOT NULL, inherited BOOLEAN NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.chunk (
  stream_id BIGINT NOT NULL, run_id VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, seq INTEGER NOT NULL, fence BIGINT NOT NULL,
  generation BIGINT, read BIGINT NOT NULL, inserted BIGINT NOT NULL DEFAULT 0, updated BIGINT NOT NULL DEFAULT 0,
  unchanged BIGINT NOT NULL DEFAULT 0, superseded BIGINT NOT NULL DEFAULT 0, deduplicated BIGINT NOT NULL DEFAULT 0,
  deleted BIGINT NOT NULL DEFAULT 0, filtered BIGINT NOT NULL DEFAULT 0, quarantined BIGINT NOT NULL DEFAULT 0,
  discarded BIGINT NOT NULL DEFAULT 0, removed BIGINT NOT NULL DEFAULT 0, bytes BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL,
  CHECK (read = inserted + updated + unchanged + superseded + deduplicated + deleted + filtered + quarantined));
CREATE TABLE sluice.publication (
  stream_id BIGINT NOT NULL, generation BIGINT NOT NULL, replaced BOOLEAN NOT NULL, "at" TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.recount (stream_id BIGINT NOT NULL, "rows" BIGINT NOT NULL, "at" TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.boundary (
  stream_id BIGINT NOT NULL, "partition" VARCHAR NOT NULL, run_id VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, "cursor" VARCHAR NOT NULL,
  schema_version INTEGER NOT NULL, digest VARCHAR NOT NULL, copies INTEGER NOT NULL);
CREATE TABLE sluice.boundary_hit (
  stream_id BIGINT NOT NULL, run_id VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, schema_version INTEGER NOT NULL, digest VARCHAR NOT NULL,
  copies INTEGER NOT NULL);
CREATE SEQUENCE sluice.quarantine_id;
CREATE TABLE sluice.quarantine (
  id BIGINT NOT NULL DEFAULT nextval('sluice.quarantine_id'), stream_id BIGINT NOT NULL, run_id VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, seq INTEGER NOT NULL, reason VARCHAR NOT NULL,
  field VARCHAR, record VARCHAR NOT NULL, "at" TIMESTAMPTZ NOT NULL);
CREATE TABLE sluice.table_owner (
  schema_name VARCHAR NOT NULL, table_name VARCHAR NOT NULL, installation VARCHAR NOT NULL, sync_id VARCHAR NOT NULL, stream VARCHAR NOT NULL);
CREATE SCHEMA IF NOT EXISTS public;
INSERT INTO sluice.meta VALUES (${VERSION});
`;

/** Makes our schema where it is missing. Errors: DESTINATION_UNSUPPORTED where a newer Sluice made it. */
export async function installSchema(session: Session): Promise<void> {
  await session.transaction('installing the schema sluice', async () => {
    const found = await session.query(
      'looking for the schema',
      `SELECT 1 FROM duckdb_schemas() WHERE schema_name = 'sluice' AND NOT internal`,
    );
    if (found.length === 0) await session.query('installing the schema sluice', TABLES);
    const [meta] = await session.query<{ version: number }>('reading the version', 'SELECT version FROM sluice.meta');
    if (meta?.version !== VERSION)
      throw new SluiceError('DESTINATION_UNSUPPORTED', {
        detail: `the schema sluice has version ${meta?.version ?? 'none'}, this Sluice knows ${VERSION}`,
      });
  });
}
