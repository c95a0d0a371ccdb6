-- Up Migration
-- What an API key is for. Keys of before can do everything.
ALTER TABLE control.api_key
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,operate,call}'
    CHECK (cardinality(scopes) > 0 AND scopes <@ '{read,operate,call}'),
  ADD COLUMN connections uuid[],            -- whose actions it may call; null: all
  ADD COLUMN calls_per_minute integer CHECK (calls_per_minute > 0); -- null: no limit

-- GCRA of whoever calls Sluice, shared by all API processes: one row a limit that was used.
CREATE TABLE control.call_limit (
  subject text PRIMARY KEY,                 -- `api-key:<id>`
  tat timestamptz NOT NULL                  -- theoretical arrival time; in the past: the whole quota is there
);
CREATE INDEX call_limit_tat ON control.call_limit (tat);
