-- Up Migration
-- Credentials of connections that change while they are used: access tokens, rotated refresh tokens, session tokens.
-- One row a kind of credential; who renews it holds the row by a lease, not by a lock, so that a frozen process holds it for seconds at most.
CREATE TABLE control.credential (
  connection_id uuid NOT NULL REFERENCES control.connection,
  name text NOT NULL,
  sealed bytea,                          -- encrypted; null until the first renewal
  version bigint NOT NULL DEFAULT 0,     -- raised by every store: a holder that was overtaken cannot overwrite what is newer
  holder uuid,                           -- who renews now
  held_until timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, name)
);

-- Down Migration
DROP TABLE control.credential;
