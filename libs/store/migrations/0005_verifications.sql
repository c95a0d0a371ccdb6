-- Up Migration
-- What was found when the tables of a sync were compared with the ledger, and with the source.
CREATE TABLE control.verification (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  sync_id uuid NOT NULL REFERENCES control.sync,
  epoch bigint NOT NULL,                 -- of the sync when it began: another one later tells that a run was started meanwhile
  source boolean NOT NULL,               -- the source is read again
  repair boolean NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'succeeded', 'failed')),
  error jsonb,                           -- as of a run
  workflow_id text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE UNIQUE INDEX verification_active ON control.verification (sync_id) WHERE state = 'running';
CREATE INDEX verification_sync ON control.verification (sync_id, seq DESC);

CREATE TABLE control.verification_stream (
  verification_id uuid NOT NULL REFERENCES control.verification ON DELETE CASCADE,
  stream text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'verified', 'failed')),
  rows bigint,                           -- of the table
  records bigint,                        -- read from the source
  found jsonb NOT NULL DEFAULT '{}',     -- counts by kind, all of them
  repaired bigint NOT NULL DEFAULT 0,
  notes text[] NOT NULL DEFAULT '{}',
  error jsonb,
  PRIMARY KEY (verification_id, stream)
);

CREATE TABLE control.verification_finding (
  verification_id uuid NOT NULL,
  stream text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  key jsonb,                             -- of the row, by field; null: about the stream, or a row without a key
  columns text[] NOT NULL DEFAULT '{}',
  detail text,
  outcome text,                          -- of a repair: repaired or left
  PRIMARY KEY (verification_id, seq),
  FOREIGN KEY (verification_id, stream) REFERENCES control.verification_stream ON DELETE CASCADE
);

-- Runs of some streams of their sync; null: of all.
ALTER TABLE control.run ADD COLUMN streams text[];

-- Down Migration
ALTER TABLE control.run DROP COLUMN streams;
DROP TABLE control.verification_finding;
DROP TABLE control.verification_stream;
DROP TABLE control.verification;
