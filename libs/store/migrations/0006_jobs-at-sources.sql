-- Up Migration
-- A slice whose part of the source could not be had in this run; the run goes on with the others, and fails in the end.
ALTER TABLE control.slice DROP CONSTRAINT slice_state_check;
ALTER TABLE control.slice ADD CONSTRAINT slice_state_check CHECK (state IN ('pending', 'claimed', 'done', 'failed'));
ALTER TABLE control.slice ADD COLUMN error jsonb;   -- {code, detail, details} when failed

-- Jobs under way at sources that allow only some at once. Whoever waits for a job says now and then that it is still there.
CREATE TABLE control.job_slot (
  connection_id uuid NOT NULL REFERENCES control.connection ON DELETE CASCADE,
  job text NOT NULL,                     -- digest of what it is for: stream and slice
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (connection_id, job)
);

-- Takes a place for a job, or keeps the one that it has. false: as many as are allowed are taken. Times go in as durations, on this database's clock.
CREATE FUNCTION control.job_slot_take(p_connection uuid, p_job text, p_limit double precision, p_hold_ms double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  -- callers of one connection take turns: two of them must not both see the last place
  PERFORM pg_advisory_xact_lock(hashtextextended('sluice jobs ' || p_connection::text, 0));
  DELETE FROM control.job_slot WHERE connection_id = p_connection AND expires_at <= clock_timestamp();
  UPDATE control.job_slot SET expires_at = clock_timestamp() + p_hold_ms * interval '1 millisecond'
    WHERE connection_id = p_connection AND job = p_job;
  IF FOUND THEN RETURN true; END IF;
  IF (SELECT count(*) FROM control.job_slot WHERE connection_id = p_connection) >= p_limit THEN RETURN false; END IF;
  INSERT INTO control.job_slot (connection_id, job, expires_at)
    VALUES (p_connection, p_job, clock_timestamp() + p_hold_ms * interval '1 millisecond');
  RETURN true;
END $$;

-- Down Migration
DROP FUNCTION control.job_slot_take(uuid, text, double precision, double precision);
DROP TABLE control.job_slot;
UPDATE control.slice SET state = 'pending' WHERE state = 'failed';
ALTER TABLE control.slice DROP COLUMN error;
ALTER TABLE control.slice DROP CONSTRAINT slice_state_check;
ALTER TABLE control.slice ADD CONSTRAINT slice_state_check CHECK (state IN ('pending', 'claimed', 'done'));
