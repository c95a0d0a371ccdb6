-- Up Migration
-- Events that no provider sends: of syncs and connections themselves, and of records that syncs change.

-- What an event is about, where its type does not say it: a sync or connection (system), a sync's stream (record).
ALTER TABLE control.event ADD COLUMN subject text;
ALTER TABLE control.subscription ADD COLUMN subject text;   -- null: whatever it is about
ALTER TABLE control.flow_version ADD COLUMN syncs jsonb NOT NULL DEFAULT '{}';   -- as the definition names them → id
ALTER TABLE control.flow_run DROP CONSTRAINT flow_run_trigger_check;
ALTER TABLE control.flow_run ADD CONSTRAINT flow_run_trigger_check CHECK (trigger IN ('request', 'webhook', 'record', 'schedule', 'system'));

ALTER TABLE control.sync
  ADD COLUMN schedule_since timestamptz NOT NULL DEFAULT now(),   -- when the schedule became what it is: nothing was due by it before
  ADD COLUMN late_since timestamptz;                              -- the time of the schedule that was missed; null: it is not late
ALTER TABLE control.connection ADD COLUMN needs_reauthorization_since timestamptz;   -- its credentials were refused; null: not so

-- Syncs whose destination may hold changes of records that are not in the inbox yet. A relay looks there, and says by when it will be back.
CREATE TABLE control.record_feed (
  sync_id uuid PRIMARY KEY REFERENCES control.sync,
  look_at timestamptz NOT NULL DEFAULT now(),   -- the next look; while a relay is at it, when it is believed dead
  holder uuid                                   -- the relay that looked last; null: a run began since
);
CREATE INDEX record_feed_due ON control.record_feed (look_at);

-- Down Migration
DROP TABLE control.record_feed;
ALTER TABLE control.connection DROP COLUMN needs_reauthorization_since;
ALTER TABLE control.sync DROP COLUMN late_since, DROP COLUMN schedule_since;
ALTER TABLE control.flow_version DROP COLUMN syncs;
ALTER TABLE control.subscription DROP COLUMN subject;
ALTER TABLE control.event DROP COLUMN subject;
