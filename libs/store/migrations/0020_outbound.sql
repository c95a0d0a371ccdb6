-- Up Migration
-- How many requests a minute a hook takes, all API processes together.
ALTER TABLE control.hook ADD COLUMN calls_per_minute integer NOT NULL DEFAULT 60000 CHECK (calls_per_minute > 0);

-- An address of somebody else's that is told what became of runs and events.
CREATE TABLE control.webhook_endpoint (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  description text,
  types text[] NOT NULL CHECK (cardinality(types) > 0),   -- run.failed, run.*, or * for all
  sealed bytea NOT NULL,                 -- encrypted: address and secrets
  enabled boolean NOT NULL DEFAULT true,
  disabled_by text CHECK (disabled_by IN ('request', 'gone')),   -- gone: it answered 410
  failing boolean NOT NULL DEFAULT false,  -- its last try failed: it gets one at a time
  created_at timestamptz NOT NULL DEFAULT now(),
  rotated_at timestamptz,
  CHECK (enabled = (disabled_by IS NULL))
);
CREATE INDEX webhook_endpoint_workspace ON control.webhook_endpoint (workspace_id, seq);

-- What an endpoint is told, written by the statement that made it so. Its id is the webhook-id of every try.
CREATE TABLE control.endpoint_delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  endpoint_id uuid NOT NULL,             -- no foreign key: the end of a run does not wait for an endpoint that is deleted
  type text NOT NULL,
  data jsonb NOT NULL,                   -- ids, states, codes and counts only
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'succeeded', 'failed')),
  attempts integer NOT NULL DEFAULT 0,   -- tries that were begun, since it was last replayed
  claims integer NOT NULL DEFAULT 0,     -- how often it was taken: the fence of who sends
  due_at timestamptz NOT NULL DEFAULT now(),   -- of the next try; while one is made, when its sender is believed dead
  tries jsonb NOT NULL DEFAULT '[]',     -- the last of them: [{at, status, error, latency_ms}]
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX endpoint_delivery_due ON control.endpoint_delivery (endpoint_id, due_at) WHERE state = 'pending';
CREATE INDEX endpoint_delivery_endpoint ON control.endpoint_delivery (endpoint_id, seq DESC);
CREATE INDEX endpoint_delivery_age ON control.endpoint_delivery (due_at);

-- Calls of webhook endpoints are counted too; connection_id is the endpoint then.
ALTER TABLE control.usage DROP CONSTRAINT usage_kind_check;
ALTER TABLE control.usage ADD CONSTRAINT usage_kind_check CHECK (kind IN ('stream', 'action', 'lookup', 'credential', 'webhook'));

-- Down Migration
DELETE FROM control.usage WHERE kind = 'webhook';
ALTER TABLE control.usage DROP CONSTRAINT usage_kind_check;
ALTER TABLE control.usage ADD CONSTRAINT usage_kind_check CHECK (kind IN ('stream', 'action', 'lookup', 'credential'));
DROP TABLE control.endpoint_delivery;
DROP TABLE control.webhook_endpoint;
ALTER TABLE control.hook DROP COLUMN calls_per_minute;
