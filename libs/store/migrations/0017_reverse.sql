-- Up Migration
-- Reverse: rows that are handed to an action of another system. What a destination keeps beside its tables lies here, since an API keeps nothing for us.
CREATE TABLE control.reverse_stream (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sync_id uuid NOT NULL REFERENCES control.sync,
  stream text NOT NULL,
  lane text NOT NULL,
  epoch bigint NOT NULL,                 -- of the run that may write; an older one is refused
  run_id uuid NOT NULL,
  state text,                            -- JSON, with every digit
  finished_run uuid,
  UNIQUE (sync_id, stream, lane)
);

CREATE TABLE control.reverse_slice (
  stream_id bigint NOT NULL REFERENCES control.reverse_stream ON DELETE CASCADE,
  slice_id text NOT NULL,
  spec jsonb NOT NULL,
  partition text NOT NULL,
  fence bigint NOT NULL,
  position text,                         -- JSON
  done boolean NOT NULL DEFAULT false,
  seq integer NOT NULL DEFAULT 0,        -- chunks committed
  PRIMARY KEY (stream_id, slice_id)
);

-- The ledger: one row a chunk, never changed.
CREATE TABLE control.reverse_chunk (
  stream_id bigint NOT NULL REFERENCES control.reverse_stream ON DELETE CASCADE,
  run_id uuid NOT NULL,
  slice_id text NOT NULL,
  seq integer NOT NULL,
  counts jsonb NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream_id, run_id, slice_id, seq)
);

-- One row a key: the last version of the row that was handed over, or is being.
CREATE TABLE control.reverse_row (
  sync_id uuid NOT NULL REFERENCES control.sync,
  stream text NOT NULL,
  key_hash bytea NOT NULL,               -- of the row's key
  digest bytea NOT NULL,                 -- of the action's input that was made of it
  cursor text,                           -- JSON; an older version of the row does not follow a newer one
  state text NOT NULL CHECK (state IN ('calling', 'called', 'rejected')),
  action_run uuid,                       -- the call that decides; null: the row makes no call
  item integer NOT NULL,                 -- where in that call
  is_new boolean NOT NULL,               -- the key had not been handed over before
  counted boolean NOT NULL DEFAULT false, -- in a chunk of the ledger
  attempts integer NOT NULL DEFAULT 1,   -- calls with this version that were refused, and this one
  record bytea,                          -- encrypted, as it was read; until it is called
  reason text,                           -- error code, when rejected
  field text,                            -- of the input, as the schema or the provider names it
  run_id uuid NOT NULL,
  lane text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sync_id, stream, key_hash)
);
CREATE INDEX reverse_row_rejected ON control.reverse_row (sync_id, id DESC) WHERE state = 'rejected';

-- Down Migration
DROP TABLE control.reverse_row;
DROP TABLE control.reverse_chunk;
DROP TABLE control.reverse_slice;
DROP TABLE control.reverse_stream;
