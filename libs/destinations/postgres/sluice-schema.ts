import { MANAGED } from '../../typing/index.js';
import { STATES_KEPT, STATES_KEPT_BYTES, STATES_KEPT_DAYS } from '../state-change.js';

/** What Sluice keeps in the destination: one statement list a version, additive for one release. */

interface SchemaVersion {
  version: number;
  statements: string;
}

const TABLES = `
CREATE SCHEMA IF NOT EXISTS sluice;
CREATE TABLE sluice.meta (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  version integer NOT NULL,               -- of this schema
  oldest_reader integer NOT NULL,         -- the oldest version of it that a Sluice must know to use it
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE sluice.stream (
  installation text NOT NULL,
  sync_id text NOT NULL,
  stream text NOT NULL,
  lane text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  epoch bigint NOT NULL,                  -- raised by every run; a writer of an older one is refused
  run_id text NOT NULL,                   -- the run of that epoch
  prepared_run text,                      -- the run that the generation, layout and table were prepared for
  finished_run text,                      -- the last run that was finished
  generation bigint NOT NULL DEFAULT 0,
  loading boolean NOT NULL DEFAULT false, -- this run loads the generation beside the table
  reset boolean NOT NULL DEFAULT false,   -- the next run loads a generation, whatever its mode
  state json,                             -- the connector's own
  state_version bigint NOT NULL DEFAULT 0,
  schema_version integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (installation, sync_id, stream, lane)
);
CREATE TABLE sluice.state_history (       -- every change of a state, the present one included; see keep_state
  stream_id bigint NOT NULL,
  version bigint NOT NULL,                -- sluice.stream.state_version after the change
  state json,
  origin text NOT NULL,                   -- run, reset, or how it was changed by hand
  run_id text,                            -- the run that made it; null: made by hand
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, version)
);
CREATE TABLE sluice.layout (              -- the columns at each schema_version; digests of records are made with them
  stream_id bigint NOT NULL,
  schema_version integer NOT NULL,
  columns json NOT NULL,
  children json NOT NULL DEFAULT '[]',    -- tables of lists, with their columns
  PRIMARY KEY (stream_id, schema_version)
);
CREATE TABLE sluice.checkpoint (
  stream_id bigint NOT NULL,
  run_id text NOT NULL,
  slice_id text NOT NULL,
  spec jsonb NOT NULL,
  partition text NOT NULL,
  fence bigint NOT NULL,                  -- raised by every attempt; a writer of an older one is refused
  seq integer NOT NULL DEFAULT 0,         -- chunks committed
  position json,
  done boolean NOT NULL DEFAULT false,
  inherited boolean NOT NULL DEFAULT false, -- an earlier run began it; what is planned in this run comes after it
  backends jsonb NOT NULL DEFAULT '[]',   -- server processes of the attempt that holds the fence
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream_id, slice_id, run_id) -- in this order: opening a slice looks for it in earlier runs too
);
CREATE TABLE sluice.chunk (               -- the ledger: rows are added, never changed
  stream_id bigint NOT NULL,
  run_id text NOT NULL,
  slice_id text NOT NULL,
  seq integer NOT NULL,
  fence bigint NOT NULL,
  generation bigint,                      -- its rows went there; null: into the table
  read bigint NOT NULL,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  superseded bigint NOT NULL DEFAULT 0,
  deduplicated bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  filtered bigint NOT NULL DEFAULT 0,
  quarantined bigint NOT NULL DEFAULT 0,
  discarded bigint NOT NULL DEFAULT 0,    -- values left out of records that were loaded, by the stream's contract
  removed bigint NOT NULL DEFAULT 0,      -- rows whose key a whole read did not see: nothing was read for them
  bytes bigint NOT NULL,                  -- as received from the source
  digest text NOT NULL,                   -- CRC-32 of the lines as they were sent
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, run_id, slice_id, seq),
  CHECK (read = inserted + updated + unchanged + superseded + deduplicated + deleted + filtered + quarantined)
);
CREATE TABLE sluice.publication (         -- generations that became visible
  stream_id bigint NOT NULL,
  generation bigint NOT NULL,
  replaced boolean NOT NULL,              -- the table's rows went; false: they were added to
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, generation)
);
CREATE TABLE sluice.recount (             -- rows of a table after a repair: the ledger counts on from here
  stream_id bigint NOT NULL,
  rows bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, at)
);
CREATE TABLE sluice.boundary (            -- digests of the records at the highest cursor of an append
  stream_id bigint NOT NULL,
  partition text NOT NULL,
  run_id text NOT NULL,
  slice_id text NOT NULL,
  cursor text NOT NULL,
  schema_version integer NOT NULL,        -- the layout that the digest was made with
  digest bytea NOT NULL,
  copies integer NOT NULL,                -- equal records in the table
  PRIMARY KEY (stream_id, partition, run_id, slice_id, schema_version, digest)
);
CREATE TABLE sluice.boundary_hit (        -- records dropped as boundary records by a slice that is not complete yet
  stream_id bigint NOT NULL,
  run_id text NOT NULL,
  slice_id text NOT NULL,
  schema_version integer NOT NULL,
  digest bytea NOT NULL,
  copies integer NOT NULL,
  PRIMARY KEY (stream_id, run_id, slice_id, schema_version, digest)
);
CREATE TABLE sluice.quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream_id bigint NOT NULL,
  run_id text NOT NULL,
  slice_id text NOT NULL,
  seq integer NOT NULL,
  reason text NOT NULL,
  field text,
  record json NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX quarantine_stream ON sluice.quarantine (stream_id, run_id);
CREATE TABLE sluice.outbox (              -- changes of records that flows wait for; see keep_changes. Rows go when they are in the inbox
  stream_id bigint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  run_id text NOT NULL,
  change text NOT NULL,                   -- inserted, updated or deleted
  record jsonb NOT NULL,                  -- the row, as it was written or before it was deleted
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (stream_id, seq)            -- no other index: one stream is read at a time, in order, however much of others lies there
);
CREATE TABLE sluice.table_owner (
  schema_name text NOT NULL,
  table_name text NOT NULL,
  installation text NOT NULL,
  sync_id text NOT NULL,
  stream text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (schema_name, table_name)
);
`;

/**
 * Keeps every state, whoever wrote it: a trigger, so that no statement can forget it. It runs under the lock of the stream's row. Who changes a
 * state by hand says so in the setting sluice.state_origin, for the transaction.
 */
const HISTORY = `
CREATE FUNCTION sluice.keep_state() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  origin text := coalesce(nullif(pg_catalog.current_setting('sluice.state_origin', true), ''), 'run');
BEGIN
  INSERT INTO sluice.state_history (stream_id, version, state, origin, run_id)
  VALUES (NEW.id, NEW.state_version, NEW.state, origin, CASE WHEN origin IN ('run', 'reset') THEN NEW.run_id END)
  ON CONFLICT (stream_id, version) DO UPDATE SET state = excluded.state, origin = excluded.origin, run_id = excluded.run_id, at = excluded.at;
  DELETE FROM sluice.state_history h USING (
    SELECT version, at, row_number() OVER newest AS n, sum(pg_catalog.pg_column_size(state)) OVER newest AS bytes
    FROM sluice.state_history WHERE stream_id = NEW.id WINDOW newest AS (ORDER BY version DESC)) kept
  WHERE h.stream_id = NEW.id AND h.version = kept.version AND kept.n > 1
    AND (kept.n > ${STATES_KEPT} OR kept.bytes > ${STATES_KEPT_BYTES} OR kept.at < pg_catalog.now() - interval '${STATES_KEPT_DAYS} days');
  RETURN NULL;
END $$;
CREATE TRIGGER keep_state AFTER UPDATE ON sluice.stream FOR EACH ROW
  WHEN (NEW.state_version IS DISTINCT FROM OLD.state_version AND NEW.state::text IS DISTINCT FROM OLD.state::text)
  EXECUTE FUNCTION sluice.keep_state();
`;

/**
 * Keeps the changes of a table's rows, in the transaction that makes them: triggers on the table of a stream that flows hear of (outbox.ts), so that no merge
 * has to tell. Only transactions that set sluice.outbox (stream, run and the wanted changes) are heard: what others do to the table is not the run's. A row that is marked as deleted is
 * a deleted one. The inner query alone sees the table's columns, which may be called as the variables are.
 */
const CHANGES = `
CREATE FUNCTION sluice.keep_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said text := nullif(pg_catalog.current_setting('sluice.outbox', true), '');
  managed text[] := TG_ARGV[0]::text[];
  operation text := CASE TG_OP WHEN 'INSERT' THEN 'inserted' WHEN 'UPDATE' THEN 'updated' ELSE 'deleted' END;
BEGIN
  IF said IS NULL THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO sluice.outbox (stream_id, run_id, change, record)
    SELECT pg_catalog.split_part(said, ' ', 1)::bigint, pg_catalog.split_part(said, ' ', 2), operation, CASE WHEN doc ?| managed THEN doc - managed ELSE doc END
    FROM (SELECT pg_catalog.to_jsonb(r.*) AS doc FROM sluice_changed r) d
    WHERE operation = ANY (pg_catalog.string_to_array(pg_catalog.split_part(said, ' ', 3), ','))
      AND (doc ->> '${MANAGED.deleted}') IS DISTINCT FROM 'true';
  ELSE
    INSERT INTO sluice.outbox (stream_id, run_id, change, record)
    SELECT pg_catalog.split_part(said, ' ', 1)::bigint, pg_catalog.split_part(said, ' ', 2), change, CASE WHEN doc ?| managed THEN doc - managed ELSE doc END
    FROM (SELECT doc, CASE WHEN doc ->> '${MANAGED.deleted}' = 'true' THEN 'deleted' ELSE operation END AS change
      FROM (SELECT pg_catalog.to_jsonb(r.*) AS doc FROM sluice_changed r) d) c
    WHERE change = ANY (pg_catalog.string_to_array(pg_catalog.split_part(said, ' ', 3), ','));
  END IF;
  RETURN NULL;
END $$;
`;

/**
 * The checks that every transaction of a writer ends with. A stream row is locked FOR KEY SHARE: that conflicts with FOR UPDATE, which whoever
 * raises the epoch, changes the table or finishes takes first, but not with the plain UPDATE that advances the state, so a slow merge of one
 * slice never holds up the completion of another.
 */
const FUNCTIONS = `
CREATE FUNCTION sluice.assert_stream(p_stream bigint, p_epoch bigint, p_schema integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  found_epoch bigint;
  found_schema integer;
BEGIN
  SELECT epoch, schema_version INTO found_epoch, found_schema FROM sluice.stream WHERE id = p_stream FOR KEY SHARE;
  IF found_epoch IS DISTINCT FROM p_epoch THEN
    RAISE EXCEPTION 'stale run' USING ERRCODE = 'SL001';
  END IF;
  IF found_schema IS DISTINCT FROM p_schema THEN
    RAISE EXCEPTION 'schema version moved' USING ERRCODE = 'SL004';
  END IF;
END $$;

CREATE FUNCTION sluice.advance(p_stream bigint, p_run text, p_slice text, p_fence bigint, p_seq integer, p_position json) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE sluice.checkpoint SET position = p_position, seq = p_seq, updated_at = clock_timestamp()
  WHERE stream_id = p_stream AND run_id = p_run AND slice_id = p_slice AND fence = p_fence AND seq = p_seq - 1 AND NOT done;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'stale writer' USING ERRCODE = 'SL002';
  END IF;
END $$;

CREATE FUNCTION sluice.complete_slice(p_stream bigint, p_run text, p_slice text, p_fence bigint, p_position json) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE sluice.checkpoint SET position = p_position, done = true, backends = '[]', updated_at = clock_timestamp()
  WHERE stream_id = p_stream AND run_id = p_run AND slice_id = p_slice AND fence = p_fence AND NOT done;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'stale writer' USING ERRCODE = 'SL002';
  END IF;
  DELETE FROM sluice.boundary_hit WHERE stream_id = p_stream AND run_id = p_run AND slice_id = p_slice;
END $$;

CREATE FUNCTION sluice.set_state(p_stream bigint, p_version bigint, p_state json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE sluice.stream SET state = p_state, state_version = p_version + 1 WHERE id = p_stream AND state_version = p_version;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'state moved' USING ERRCODE = 'SL003';
  END IF;
END $$;
`;

export const SCHEMA_VERSIONS: readonly SchemaVersion[] = [{ version: 1, statements: TABLES + FUNCTIONS + HISTORY + CHANGES }];
