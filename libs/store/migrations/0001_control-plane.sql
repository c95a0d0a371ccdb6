-- Up Migration
-- The control plane: what people defined, what runs, and the plan of each run. No record of any stream and no plain credential is ever stored here.
CREATE SCHEMA IF NOT EXISTS control;

CREATE TABLE control.installation (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  only_one boolean NOT NULL DEFAULT true UNIQUE CHECK (only_one),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO control.installation DEFAULT VALUES;

CREATE TABLE control.workspace (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO control.workspace (name) VALUES ('default');

CREATE TABLE control.api_key (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  name text NOT NULL,
  hash bytea NOT NULL UNIQUE,            -- SHA-256 of a 256-bit random key: no salt needed, looked up by equality
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

CREATE TABLE control.idempotency_key (
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  key text NOT NULL,
  request_hash bytea NOT NULL,           -- method, path and body
  owner uuid NOT NULL,                   -- the request that answers it; a crashed one is replaced after a minute without a sign of life
  alive_at timestamptz NOT NULL DEFAULT now(),
  status integer,                        -- null while the first request is being answered
  headers jsonb,
  body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, key)
);
CREATE INDEX idempotency_key_created ON control.idempotency_key (created_at);

CREATE TABLE control.connector (
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  name text NOT NULL,
  hash text NOT NULL,                    -- SHA-256 of the canonical JSON: the version
  kind text NOT NULL CHECK (kind IN ('source', 'destination')),
  manifest jsonb,                        -- null for code connectors
  created_at timestamptz NOT NULL DEFAULT now(),
  current boolean NOT NULL,
  PRIMARY KEY (workspace_id, name, hash)
);
CREATE UNIQUE INDEX connector_current ON control.connector (workspace_id, name) WHERE current;

CREATE TABLE control.connection (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  name text NOT NULL,
  connector text NOT NULL,
  config jsonb NOT NULL,                 -- without secrets
  secrets bytea,                         -- encrypted JSON of the fields the connector marks as secret
  budget jsonb,                          -- limits declared for the account, or null
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz                 -- kept for the history of deleted syncs; config and secrets are emptied
);
CREATE UNIQUE INDEX connection_name ON control.connection (workspace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX connection_workspace ON control.connection (workspace_id, seq) WHERE deleted_at IS NULL;

CREATE TABLE control.sync (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  name text NOT NULL,
  source_id uuid NOT NULL REFERENCES control.connection,
  destination_id uuid NOT NULL REFERENCES control.connection,
  version integer NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,       -- raised for every run and by the reconciler; the destination refuses lower ones
  schedule jsonb,                        -- desired state; Temporal is converged to it
  schedule_revision integer NOT NULL DEFAULT 0,
  schedule_applied integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX sync_name ON control.sync (workspace_id, name) WHERE deleted_at IS NULL;
CREATE INDEX sync_workspace ON control.sync (workspace_id, seq) WHERE deleted_at IS NULL;
CREATE INDEX sync_schedule ON control.sync (id) WHERE schedule_applied < schedule_revision;
CREATE INDEX sync_source ON control.sync (source_id) WHERE deleted_at IS NULL;
CREATE INDEX sync_destination ON control.sync (destination_id) WHERE deleted_at IS NULL;

CREATE TABLE control.sync_version (
  sync_id uuid NOT NULL REFERENCES control.sync,
  version integer NOT NULL,
  hash text NOT NULL,
  spec jsonb NOT NULL,                   -- namespace, streams with mode, table, key, cursor, fields
  resets text[] NOT NULL DEFAULT '{}',   -- streams to load anew because of this change
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sync_id, version)
);

CREATE TABLE control.document (
  hash text PRIMARY KEY,                 -- manifests and catalogs pinned by runs, by SHA-256 of their canonical JSON
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE control.run (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  sync_id uuid NOT NULL REFERENCES control.sync,
  sync_version integer NOT NULL,
  lane text NOT NULL DEFAULT 'live',
  epoch bigint NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('api', 'schedule', 'retry')),
  state text NOT NULL,
  manifest_hash text,
  catalog_hash text,
  workflow_id text NOT NULL UNIQUE,
  first_execution_id text,               -- Temporal's run id of the first execution
  scheduled_for timestamptz,
  resets text[] NOT NULL DEFAULT '{}',
  waiting jsonb,                         -- {reason, until} while rate limited
  error jsonb,                           -- {code, detail, stream?, details} when failed
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);
CREATE UNIQUE INDEX run_active ON control.run (sync_id, lane)
  WHERE state IN ('queued', 'running', 'rate_limited', 'pausing', 'paused', 'cancelling');
CREATE INDEX run_sync ON control.run (sync_id, seq DESC);
CREATE INDEX run_workspace ON control.run (workspace_id, seq DESC);

CREATE TABLE control.run_stream (
  run_id uuid NOT NULL REFERENCES control.run,
  stream text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'finished', 'failed')),
  counts jsonb,                          -- as last read from the destination's ledger; never counted here
  counts_at timestamptz,
  plan_next jsonb,                       -- where the source's plan goes on
  plan_complete boolean NOT NULL DEFAULT false,
  plan_state jsonb,                      -- the state the plan was made from
  plan_now timestamptz,
  warnings text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (run_id, stream)
);

CREATE TABLE control.slice (
  run_id uuid NOT NULL,
  stream text NOT NULL,
  slice_id text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  spec jsonb NOT NULL,
  partition text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'claimed', 'done')),
  owner text,                            -- mover and attempt that hold it
  claims integer NOT NULL DEFAULT 0,     -- how often it was claimed: the fence of the claim
  claimed_at timestamptz,
  PRIMARY KEY (run_id, stream, slice_id),
  FOREIGN KEY (run_id, stream) REFERENCES control.run_stream (run_id, stream) ON DELETE CASCADE
);
-- the next slice of a stream in plan order, and what a mover holds
CREATE INDEX slice_open ON control.slice (run_id, stream, state, seq) WHERE state <> 'done';

CREATE TABLE control.run_log (
  run_id uuid NOT NULL REFERENCES control.run,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  level text NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  code text NOT NULL,                    -- an error code or an event's name
  stream text,
  message text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE control.budget (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  account text NOT NULL,                 -- host + digest of the credential identity, never the credential
  host text NOT NULL,
  limits jsonb NOT NULL DEFAULT '[]',    -- declared limits
  -- GCRA of each rate limit: theoretical arrival times, by limit name
  tat jsonb NOT NULL DEFAULT '{}',
  blocked_until timestamptz,             -- after a 429 or an exhausted header: no call starts before it
  observed jsonb NOT NULL DEFAULT '{}',  -- what the provider's headers last said
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workspace_id, account)
);

CREATE TABLE control.budget_lease (
  budget_id uuid NOT NULL REFERENCES control.budget ON DELETE CASCADE,
  lease_id uuid NOT NULL DEFAULT gen_random_uuid(),
  limit_name text NOT NULL,
  class text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (budget_id, lease_id)
);

-- Down Migration
DROP SCHEMA control CASCADE;
