-- Up Migration
-- Flows: what starts them, what they do, and what became of each run. Inputs, items and responses are encrypted: they hold personal data.
CREATE TABLE control.flow (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  name text NOT NULL,
  version integer NOT NULL,              -- the current one
  enabled boolean NOT NULL DEFAULT true,
  schedule jsonb,                        -- {cron, timezone} while it is enabled: desired state, Temporal is converged to it
  schedule_revision integer NOT NULL DEFAULT 0,
  schedule_applied integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz                 -- kept for its runs
);
CREATE UNIQUE INDEX flow_name ON control.flow (workspace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX flow_schedule ON control.flow (id) WHERE schedule_applied < schedule_revision;

CREATE TABLE control.flow_version (
  flow_id uuid NOT NULL REFERENCES control.flow,
  version integer NOT NULL,
  hash text NOT NULL,                    -- SHA-256 of the canonical JSON
  definition json NOT NULL,              -- in its author's order
  connections jsonb NOT NULL,            -- as the definition names them → id, so that a connection may be renamed
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (flow_id, version)
);

CREATE TABLE control.flow_run (
  id uuid PRIMARY KEY,                   -- of an event's: its delivery
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  flow_id uuid NOT NULL,
  flow_version integer NOT NULL,         -- the one that it keeps
  trigger text NOT NULL CHECK (trigger IN ('request', 'webhook', 'record', 'schedule')),
  event_id uuid,
  idempotency_key text NOT NULL,         -- the caller's, or made for it
  request_hash bytea NOT NULL,           -- flow and input
  input bytea NOT NULL,                  -- encrypted: {"input": …} or {"event": …}
  state text NOT NULL DEFAULT 'queued' CHECK (state IN
    ('queued', 'running', 'waiting', 'compensating', 'succeeded', 'failed', 'compensated', 'skipped', 'cancelled')),
  response bytea,                        -- encrypted JSON text, when succeeded
  error jsonb,
  workflow_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  UNIQUE (workspace_id, idempotency_key),
  FOREIGN KEY (flow_id, flow_version) REFERENCES control.flow_version
);
CREATE INDEX flow_run_open ON control.flow_run (created_at) WHERE finished_at IS NULL;
CREATE INDEX flow_run_flow ON control.flow_run (flow_id, seq DESC);
CREATE INDEX flow_run_created ON control.flow_run (created_at);

CREATE TABLE control.flow_step (
  flow_run_id uuid NOT NULL REFERENCES control.flow_run ON DELETE CASCADE,
  step text NOT NULL,
  position integer NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'skipped')),
  items integer,                         -- of forEach; null without
  error jsonb,
  finished_at timestamptz,
  PRIMARY KEY (flow_run_id, step)
);

-- One call of an action by a step: for one item, or what undoes it. Its action run has an id made of these, so it is made once whoever asks.
CREATE TABLE control.flow_call (
  flow_run_id uuid NOT NULL,
  step text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('do', 'undo')),
  item integer NOT NULL,
  value bytea,                           -- encrypted: the item
  state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'running', 'outcome_unknown', 'succeeded', 'failed')),
  action_run_id uuid REFERENCES control.action_run ON DELETE SET NULL,
  error jsonb,
  PRIMARY KEY (flow_run_id, step, kind, item),
  FOREIGN KEY (flow_run_id, step) REFERENCES control.flow_step ON DELETE CASCADE
);
CREATE INDEX flow_call_action_run ON control.flow_call (action_run_id);

-- Down Migration
DROP TABLE control.flow_call;
DROP TABLE control.flow_step;
DROP TABLE control.flow_run;
DROP TABLE control.flow_version;
DROP TABLE control.flow;
