-- Up Migration
-- How many requests a minute a hook takes, all API processes together.
ALTER TABLE control.hook ADD COLUMN calls_per_minute integer NOT NULL DEFAULT 60000 CHECK (calls_per_minute > 0);

-- Down Migration
ALTER TABLE control.hook DROP COLUMN calls_per_minute;
