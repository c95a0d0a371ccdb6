-- Up Migration
-- The inbox: what happened, stored before it is acknowledged, and which flows are to hear of it. Bodies are encrypted: they hold personal data.

-- An address at which a provider tells us what happens in one account.
CREATE TABLE control.hook (
  id uuid PRIMARY KEY,                   -- the address; random, so that it cannot be guessed
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- creation order, for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  connection_id uuid NOT NULL REFERENCES control.connection,
  webhook text NOT NULL,                 -- its name in the connector's sluice.yaml
  secrets bytea NOT NULL,                -- encrypted: the current one, and the one before it while it still holds
  revision integer NOT NULL DEFAULT 1,   -- raised when the secret changes
  created_at timestamptz NOT NULL DEFAULT now(),
  rotated_at timestamptz
);
CREATE INDEX hook_connection ON control.hook (connection_id, seq);

CREATE TABLE control.event (
  id uuid PRIMARY KEY,                   -- version 7: in order of arrival
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- for pagination
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  connection_id uuid REFERENCES control.connection,   -- null: the system's own
  kind text NOT NULL CHECK (kind IN ('webhook', 'record', 'schedule', 'system')),
  type text NOT NULL,                    -- as the provider says, payment.succeeded
  dedupe_key text NOT NULL,              -- the provider's event id: a second one with it is the same event
  occurred_at timestamptz,               -- by the provider's clock, where it says so
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  body bytea NOT NULL,                   -- encrypted JSON text, every digit of it
  state text NOT NULL CHECK (state IN ('unmatched', 'pending', 'succeeded', 'failed')),   -- of its newest delivery to each flow
  UNIQUE NULLS NOT DISTINCT (workspace_id, connection_id, dedupe_key)
);
CREATE INDEX event_workspace ON control.event (workspace_id, seq DESC);
CREATE INDEX event_connection ON control.event (connection_id, seq DESC);
CREATE INDEX event_received ON control.event (received_at);

-- Which version of which flow wants which events.
CREATE TABLE control.subscription (
  workspace_id uuid NOT NULL REFERENCES control.workspace,
  connection_id uuid REFERENCES control.connection,   -- null: the system's own events
  event_type text NOT NULL,              -- * is every type
  flow_id uuid NOT NULL,
  flow_version integer NOT NULL,
  UNIQUE NULLS NOT DISTINCT (workspace_id, connection_id, event_type, flow_id)
);
CREATE INDEX subscription_flow ON control.subscription (flow_id);

-- One event for one version of a flow; its id is that of the flow's run.
CREATE TABLE control.delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,   -- the order in which they are started
  event_id uuid NOT NULL REFERENCES control.event ON DELETE CASCADE,
  flow_id uuid NOT NULL,
  flow_version integer NOT NULL,
  round integer NOT NULL DEFAULT 0,      -- 0: when the event arrived; then one more for each replay
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'started', 'succeeded', 'failed')),
  error text,                            -- code, when failed
  claimed_until timestamptz,             -- a relay starts it; when this has passed, the relay is believed dead
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  UNIQUE (event_id, flow_id, flow_version, round)
);
CREATE INDEX delivery_pending ON control.delivery (seq) WHERE state = 'pending';
CREATE INDEX delivery_started ON control.delivery (started_at) WHERE state = 'started';

-- Down Migration
DROP TABLE control.delivery;
DROP TABLE control.subscription;
DROP TABLE control.event;
DROP TABLE control.hook;
