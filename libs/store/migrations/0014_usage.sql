-- Up Migration
-- Every outgoing call, counted where it leaves: sums by operation and minute, which become sums by hour when they are two days old. No address and no body.
CREATE TABLE control.usage (
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  connection_id uuid NOT NULL,
  connector text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('stream', 'action', 'lookup', 'credential')),
  operation text NOT NULL,
  at timestamptz NOT NULL,               -- beginning of the minute or hour
  span text NOT NULL CHECK (span IN ('minute', 'hour')),
  outcomes jsonb NOT NULL,               -- calls by CallOutcome
  latencies jsonb NOT NULL,              -- calls by bucket (libs/usage/latency-buckets.ts): they add up
  bytes_out bigint NOT NULL,
  bytes_in bigint NOT NULL,
  retries bigint NOT NULL,
  waited_ms double precision NOT NULL,   -- for budgets
  PRIMARY KEY (workspace_id, at, span, connection_id, connector, kind, operation)
);
CREATE INDEX usage_connection ON control.usage (connection_id, at);
CREATE INDEX usage_age ON control.usage (span, at);

-- Some of the latest calls one by one, for an hour.
CREATE TABLE control.usage_sample (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  connection_id uuid NOT NULL,
  connector text NOT NULL,
  kind text NOT NULL,
  operation text NOT NULL,
  host text NOT NULL,
  at timestamptz NOT NULL,
  outcome text NOT NULL,
  status integer,
  latency_ms double precision NOT NULL,
  waited_ms double precision NOT NULL,
  bytes_out bigint NOT NULL,
  bytes_in bigint NOT NULL,
  attempt integer NOT NULL
);
CREATE INDEX usage_sample_age ON control.usage_sample (at);
CREATE INDEX usage_sample_workspace ON control.usage_sample (workspace_id, id);

-- The number of the last batch that a process wrote, so that one that comes twice counts once.
CREATE TABLE control.usage_process (
  process uuid PRIMARY KEY,
  seq bigint NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- Calls that were made and could not be counted.
CREATE TABLE control.usage_lost (
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  at timestamptz NOT NULL,               -- the hour in which that was written
  calls bigint NOT NULL,
  PRIMARY KEY (workspace_id, at)
);

CREATE FUNCTION control.add_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(key, n), '{}') FROM (
    SELECT key, sum(value::bigint) AS n FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS e GROUP BY key) AS s
$$;
CREATE AGGREGATE control.sum_counts(jsonb) (sfunc = control.add_counts, stype = jsonb, initcond = '{}');

-- Circuits that are not closed, shared by all processes: a host that does not work is not called for an account.
CREATE TABLE control.circuit (
  workspace_id uuid NOT NULL REFERENCES control.workspace ON DELETE CASCADE,
  account text NOT NULL,
  host text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  until timestamptz NOT NULL,            -- then one probe may be sent
  level integer NOT NULL DEFAULT 0,      -- how many probes failed
  probe_until timestamptz,               -- somebody's probe is under way; then it is forgotten
  reason text NOT NULL,
  PRIMARY KEY (workspace_id, account, host)
);

-- Syncs that use the same budget. `spent` is points divided by weight: of those that wait, the one that spent least is next.
CREATE TABLE control.budget_share (
  budget_id uuid NOT NULL REFERENCES control.budget ON DELETE CASCADE,
  share text NOT NULL,
  weight double precision NOT NULL,
  spent double precision NOT NULL,
  seen_at timestamptz NOT NULL,
  waiting_until timestamptz,             -- it waits, unless it is gone by then
  waiting_since timestamptz,
  PRIMARY KEY (budget_id, share)
);

-- budget_take for a share. While another one waits that spent less, nothing is granted; while any other waits, no points are taken ahead. A share that was away does not
-- come back with what it could have spent: it begins where those who wait are. p_more: others of the share wait too.
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

-- Down Migration
DROP FUNCTION control.budget_take_share(uuid, text, text, jsonb, text, integer, integer, double precision, text, double precision, boolean);
DROP TABLE control.budget_share;
DROP TABLE control.circuit;
DROP AGGREGATE control.sum_counts(jsonb);
DROP FUNCTION control.add_counts(jsonb, jsonb);
DROP TABLE control.usage_lost, control.usage_process, control.usage_sample, control.usage;
