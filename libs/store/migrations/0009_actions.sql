-- Up Migration
-- Actions: what was called, and the ledger of its effects at providers. Inputs, results and answers are encrypted: they hold personal data.
ALTER TABLE control.connector ADD COLUMN sluice json;   -- sluice.yaml beside the manifest, in its author's order; part of the version's hash

CREATE TABLE control.action_run (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  connection_id uuid NOT NULL REFERENCES control.connection,
  connector text NOT NULL,
  connector_hash text NOT NULL,          -- the version that is called
  action text NOT NULL,
  idempotency_key text NOT NULL,         -- the caller's, or made for it; kept as long as the row
  request_hash bytea NOT NULL,           -- connection, action and input
  input bytea NOT NULL,                  -- encrypted
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'outcome_unknown')),
  result bytea,                          -- encrypted JSON text, when succeeded
  provider_answer bytea,                 -- encrypted: the start of what a provider said that refused
  error jsonb,                           -- {code, detail, details} when failed or unknown
  workflow_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  UNIQUE (workspace_id, idempotency_key)
);
CREATE INDEX action_run_open ON control.action_run (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX action_run_connection ON control.action_run (connection_id, seq DESC);
CREATE INDEX action_run_created ON control.action_run (created_at);

-- One row a try. reserved → sent (committed before the first byte; whoever made that change sends, nobody else) → succeeded | failed | outcome_unknown.
-- postponed: the provider did nothing and may be asked again. superseded: another try takes its place, which is safe to make whatever became of this one.
CREATE TABLE control.effect (
  run_id uuid NOT NULL REFERENCES control.action_run ON DELETE CASCADE,
  attempt integer NOT NULL,
  state text NOT NULL DEFAULT 'reserved'
    CHECK (state IN ('reserved', 'sent', 'postponed', 'superseded', 'succeeded', 'failed', 'outcome_unknown')),
  status integer,                        -- of the provider's answer
  resolved_by text CHECK (resolved_by IN ('answer', 'key', 'lookup', 'person')),
  sent_at timestamptz,
  deadline timestamptz,                  -- its sender has given up by then; before it nobody resolves a sent row
  settled_at timestamptz,
  PRIMARY KEY (run_id, attempt)
);

-- Down Migration
DROP TABLE control.effect;
DROP TABLE control.action_run;
ALTER TABLE control.connector DROP COLUMN sluice;
