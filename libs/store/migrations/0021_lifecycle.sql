-- Up Migration
-- Calls that wait for budgets or hold slots of one, by process: for the eye, written over once a second while there are any.
CREATE UNLOGGED TABLE control.budget_presence (
  process uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  entries jsonb NOT NULL                 -- libs/store/budget-calls.repository.ts
);

-- Calls for the pages of a stream of a run, repeats included: what a later run is forecast from.
ALTER TABLE control.run_stream ADD COLUMN calls bigint NOT NULL DEFAULT 0;

-- What providers say with their answers of the retirement of an operation: the newest word.
CREATE TABLE control.announcement (
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  connection_id uuid NOT NULL REFERENCES control.connection ON DELETE CASCADE,
  connector text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('stream', 'action', 'lookup', 'credential')),
  operation text NOT NULL,
  host text NOT NULL,
  deprecated boolean NOT NULL,
  deprecated_at timestamptz,             -- null: it did not say when
  sunset_at timestamptz,
  deprecation_link text,                 -- without query
  sunset_link text,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, kind, operation)
);
CREATE INDEX announcement_connector ON control.announcement (workspace_id, connector);

-- Where records of streams and results of actions do not fit their schemas. No value is here, but the name of a new enum value that is a plain word.
CREATE TABLE control.drift (
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  connection_id uuid NOT NULL REFERENCES control.connection ON DELETE CASCADE,
  connector text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('stream', 'action')),
  operation text NOT NULL,
  change text NOT NULL CHECK (change IN ('new_field', 'missing_field', 'changed_type', 'new_enum_value')),
  pointer text NOT NULL,                 -- of the field
  found text NOT NULL,                   -- type or enum value; empty: nothing
  records bigint NOT NULL,               -- sampled ones that have it
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (connection_id, kind, operation, change, pointer, found)
);

-- Declared fields that every sampled record of a stream had so far.
CREATE TABLE control.drift_baseline (
  connection_id uuid NOT NULL REFERENCES control.connection ON DELETE CASCADE,
  stream text NOT NULL,
  fields text[] NOT NULL,
  PRIMARY KEY (connection_id, stream)
);

-- A sync that got a point a moment ago and does not ask at this very moment: it is expected back until then.
ALTER TABLE control.budget_share ADD COLUMN expected_until timestamptz;

-- How many points of the scarcest rate are there for batch callers, as a part of those that may be kept back: half a second's, at least two, at most all. 1 and more: nothing
-- more can be kept without losing it. Limits without a rate keep nothing.
CREATE FUNCTION control.budget_kept(p_limits jsonb, p_tat jsonb, p_clock double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(min((floor((p_clock + tolerance - greatest(p_clock, tat)) / emission + 1e-6) + 1)
                      / least(floor(tolerance / emission + 1e-6) + 1, greatest(2, 500 / emission))), 1)
  FROM (SELECT (l ->> 'period_seconds')::double precision * 1000 / (l ->> 'points')::double precision AS emission,
               control.budget_tolerance(l, 'batch') AS tolerance, coalesce((p_tat ->> (l ->> 'name'))::double precision, 0) AS tat
        FROM jsonb_array_elements(p_limits) AS l WHERE l ->> 'kind' = 'rate') AS rates
$$;

-- As in 0014, and: a sync that reads page after page does not wait while a page is under way. So a share that got its last point less than a second ago is waited for,
-- as long as the points that come meanwhile can be kept. One that lets others pass for longer has its due for two seconds only.
CREATE OR REPLACE FUNCTION control.budget_take_share(
  p_workspace uuid, p_account text, p_host text, p_limits jsonb, p_class text, p_need integer, p_want integer, p_lease_ms double precision,
  p_share text, p_weight double precision, p_more boolean,
  OUT granted integer, OUT retry_ms double precision, OUT blocked_ms double precision, OUT tat_ms jsonb, OUT leases uuid[]
) LANGUAGE plpgsql AS $$
DECLARE
  -- longer than the longest pause of a caller that waits for a slot (500 ms)
  patience CONSTANT interval := interval '800 milliseconds';
  b uuid;
  b_tat jsonb;
  clock timestamptz;
  waiting double precision;    -- least spent of those that wait
  active double precision;     -- of those, and of those that are expected back
  weights double precision;    -- of all of them
  per_second double precision; -- of the scarcest rate
  mine double precision;
BEGIN
  SELECT id, tat INTO b, b_tat FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO control.budget (workspace_id, account, host, limits) VALUES (p_workspace, p_account, p_host, p_limits)
      ON CONFLICT (workspace_id, account) DO NOTHING;
    SELECT id, tat INTO b, b_tat FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  END IF;
  clock := clock_timestamp();
  SELECT min(spent) FILTER (WHERE waiting_until > clock), min(spent), coalesce(sum(weight), 0) INTO waiting, active, weights
    FROM control.budget_share WHERE budget_id = b AND share <> p_share AND (waiting_until > clock OR expected_until > clock);
  SELECT min((l ->> 'points')::double precision / (l ->> 'period_seconds')::double precision) INTO per_second
    FROM jsonb_array_elements(p_limits) l WHERE l ->> 'kind' = 'rate';
  INSERT INTO control.budget_share AS s (budget_id, share, weight, spent, seen_at) VALUES (b, p_share, p_weight, coalesce(waiting, active, 0), clock)
    ON CONFLICT (budget_id, share) DO UPDATE SET weight = p_weight, seen_at = clock,
      spent = CASE WHEN s.seen_at < clock - interval '2 seconds' THEN greatest(s.spent, coalesce(waiting, active, 0))
                   ELSE greatest(s.spent, active - 10 - coalesce(2 * per_second, 0) / (weights + p_weight)) END
    RETURNING spent INTO mine;

  IF mine > waiting OR (mine > active AND control.budget_kept(p_limits, b_tat, extract(epoch FROM clock) * 1000) < 1) THEN
    granted := 0;
    blocked_ms := 0;
    tat_ms := '{}';
    leases := '{}';
    -- a fraction of the time that the other one has to wait for its point
    SELECT least(200, greatest(10, max((l ->> 'period_seconds')::double precision * 500 / (l ->> 'points')::double precision))) INTO retry_ms
      FROM jsonb_array_elements(p_limits) l;
    retry_ms := coalesce(retry_ms, 25);
  ELSE
    SELECT t.granted, t.retry_ms, t.blocked_ms, t.tat_ms, t.leases INTO granted, retry_ms, blocked_ms, tat_ms, leases
      FROM control.budget_take(p_workspace, p_account, p_host, p_limits, p_class, p_need,
        CASE WHEN active IS NULL THEN p_want ELSE p_need END, p_lease_ms) AS t;
  END IF;
  UPDATE control.budget_share AS s SET
    spent = s.spent + granted / p_weight,
    expected_until = CASE WHEN granted > 0 THEN clock + interval '1 second' ELSE s.expected_until END,
    waiting_until = CASE
      WHEN granted = 0 THEN clock + greatest(patience, least(coalesce(retry_ms, 0), 15000) * interval '1.5 milliseconds')
      WHEN p_more THEN clock + patience END,
    waiting_since = CASE WHEN granted = 0 OR p_more THEN coalesce(s.waiting_since, clock) END
    WHERE s.budget_id = b AND s.share = p_share;
  IF random() < 0.01 THEN
    DELETE FROM control.budget_share WHERE budget_id = b AND seen_at < clock - interval '1 hour';
  END IF;
END $$;

-- Down Migration
DROP TABLE control.drift_baseline;
DROP TABLE control.drift;
DROP TABLE control.announcement;
DROP FUNCTION control.budget_take_share(uuid, text, text, jsonb, text, integer, integer, double precision, text, double precision, boolean);
DROP FUNCTION control.budget_kept(jsonb, jsonb, double precision);
ALTER TABLE control.budget_share DROP COLUMN expected_until;
ALTER TABLE control.run_stream DROP COLUMN calls;
DROP TABLE control.budget_presence;
CREATE FUNCTION control.budget_take_share(
  p_workspace uuid, p_account text, p_host text, p_limits jsonb, p_class text, p_need integer, p_want integer, p_lease_ms double precision,
  p_share text, p_weight double precision, p_more boolean,
  OUT granted integer, OUT retry_ms double precision, OUT blocked_ms double precision, OUT tat_ms jsonb, OUT leases uuid[]
) LANGUAGE plpgsql AS $$
DECLARE
  -- longer than the longest pause of a caller that waits for a slot (500 ms)
  patience CONSTANT interval := interval '800 milliseconds';
  b uuid;
  clock timestamptz;
  least_spent double precision;
  mine double precision;
BEGIN
  SELECT id INTO b FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO control.budget (workspace_id, account, host, limits) VALUES (p_workspace, p_account, p_host, p_limits)
      ON CONFLICT (workspace_id, account) DO NOTHING;
    SELECT id INTO b FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  END IF;
  clock := clock_timestamp();
  SELECT min(spent) INTO least_spent FROM control.budget_share WHERE budget_id = b AND share <> p_share AND waiting_until > clock;
  INSERT INTO control.budget_share AS s (budget_id, share, weight, spent, seen_at) VALUES (b, p_share, p_weight, coalesce(least_spent, 0), clock)
    ON CONFLICT (budget_id, share) DO UPDATE SET weight = p_weight, seen_at = clock,
      spent = CASE WHEN s.seen_at < clock - interval '2 seconds' THEN greatest(s.spent, coalesce(least_spent, 0)) ELSE s.spent END
    RETURNING spent INTO mine;

  IF mine > least_spent THEN
    granted := 0;
    blocked_ms := 0;
    tat_ms := '{}';
    leases := '{}';
    -- a fraction of the time that the other one has to wait for its point
    SELECT least(200, greatest(10, max((l ->> 'period_seconds')::double precision * 500 / (l ->> 'points')::double precision))) INTO retry_ms
      FROM jsonb_array_elements(p_limits) l;
    retry_ms := coalesce(retry_ms, 25);
  ELSE
    SELECT t.granted, t.retry_ms, t.blocked_ms, t.tat_ms, t.leases INTO granted, retry_ms, blocked_ms, tat_ms, leases
      FROM control.budget_take(p_workspace, p_account, p_host, p_limits, p_class, p_need,
        CASE WHEN least_spent IS NULL THEN p_want ELSE p_need END, p_lease_ms) AS t;
  END IF;
  UPDATE control.budget_share AS s SET
    spent = s.spent + granted / p_weight,
    waiting_until = CASE
      WHEN granted = 0 THEN clock + greatest(patience, least(coalesce(retry_ms, 0), 15000) * interval '1.5 milliseconds')
      WHEN p_more THEN clock + patience END,
    waiting_since = CASE WHEN granted = 0 OR p_more THEN coalesce(s.waiting_since, clock) END
    WHERE s.budget_id = b AND s.share = p_share;
  IF random() < 0.01 THEN
    DELETE FROM control.budget_share WHERE budget_id = b AND seen_at < clock - interval '1 hour';
  END IF;
END $$;
