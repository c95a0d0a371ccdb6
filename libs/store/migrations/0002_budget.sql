-- Up Migration
-- Budgets: one statement decides over all limits of an account, on this database's clock. The formulas are those of libs/budget/gcra.ts.
-- `budget.tat` holds the theoretical arrival time of each rate limit by its name, as milliseconds since the epoch.

-- what workers ask once a second while they listen, and when their listener is down
CREATE INDEX budget_blocked ON control.budget (blocked_until) WHERE blocked_until IS NOT NULL;
CREATE INDEX budget_lease_expiry ON control.budget_lease (budget_id, limit_name, expires_at);
-- settled and renewed by id alone
CREATE INDEX budget_lease_by_id ON control.budget_lease (lease_id);

-- Takes p_need points, up to p_want where they are there, of every rate limit, and a lease of every concurrency limit: all or nothing.
-- Times go in and come out as durations, so that no caller's clock matters. granted = 0: nothing was taken; retry_ms says when to ask again
-- (null: a concurrency limit is full, and nobody knows).
CREATE FUNCTION control.budget_take(
  p_workspace uuid, p_account text, p_host text, p_limits jsonb, p_class text, p_need integer, p_want integer, p_lease_ms double precision,
  OUT granted integer, OUT retry_ms double precision, OUT blocked_ms double precision, OUT tat_ms jsonb, OUT leases uuid[]
) LANGUAGE plpgsql AS $$
DECLARE
  b control.budget;
  l jsonb;
  l_name text;
  clock double precision;
  emission double precision;   -- ms a point takes to come back
  tolerance double precision;  -- how far, in ms, the class may run ahead of the emission
  tat double precision;
  fit integer;
  charge integer := greatest(p_need, p_want);
  denied boolean := false;
  lease uuid;
BEGIN
  SELECT * INTO b FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO control.budget (workspace_id, account, host, limits) VALUES (p_workspace, p_account, p_host, p_limits)
      ON CONFLICT (workspace_id, account) DO NOTHING;
    SELECT * INTO b FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  END IF;
  -- read after the lock: a decision is made at the time at which it is this caller's turn
  clock := extract(epoch FROM clock_timestamp()) * 1000;
  granted := 0;
  retry_ms := 0;
  tat_ms := '{}';
  leases := '{}';
  blocked_ms := greatest(0, coalesce(extract(epoch FROM b.blocked_until) * 1000 - clock, 0));
  IF blocked_ms > 0 THEN
    denied := true;
    retry_ms := blocked_ms;
  END IF;

  FOR l IN SELECT * FROM jsonb_array_elements(p_limits) LOOP
    l_name := l ->> 'name';
    CASE l ->> 'kind'
      WHEN 'rate' THEN
        emission := (l ->> 'period_seconds')::double precision * 1000 / (l ->> 'points')::double precision;
        tolerance := control.budget_tolerance(l, p_class);
        tat := greatest(clock, coalesce((b.tat ->> l_name)::double precision, 0));
        tat_ms := tat_ms || jsonb_build_object(l_name, tat - clock);
        fit := floor((clock + tolerance - tat) / emission + 1e-6)::integer + 1;
        charge := least(charge, greatest(fit, p_need));
        -- a call that costs more than the burst waits for a full one, and leaves a debt
        IF fit < least(p_need, round(tolerance / emission)::integer + 1) THEN
          denied := true;
          retry_ms := greatest(retry_ms, tat + (least(p_need, round(tolerance / emission)::integer + 1) - 1) * emission - tolerance - clock);
        END IF;
      WHEN 'concurrency' THEN
        DELETE FROM control.budget_lease e
          WHERE e.budget_id = b.id AND e.limit_name = l_name AND e.expires_at <= clock_timestamp();
        IF (SELECT count(*) FROM control.budget_lease e WHERE e.budget_id = b.id AND e.limit_name = l_name)
           >= (l ->> 'max')::integer THEN
          -- a time that another limit named stands, unless this is the only one that refuses
          retry_ms := nullif(retry_ms, 0);
          denied := true;
        END IF;
    END CASE;
  END LOOP;
  IF denied THEN RETURN; END IF;

  FOR l IN SELECT * FROM jsonb_array_elements(p_limits) LOOP
    l_name := l ->> 'name';
    IF l ->> 'kind' = 'rate' THEN
      emission := (l ->> 'period_seconds')::double precision * 1000 / (l ->> 'points')::double precision;
      b.tat := b.tat || jsonb_build_object(l_name, clock + (tat_ms ->> l_name)::double precision + charge * emission);
    ELSE
      INSERT INTO control.budget_lease (budget_id, limit_name, class, expires_at)
        VALUES (b.id, l_name, p_class, clock_timestamp() + p_lease_ms * interval '1 millisecond') RETURNING lease_id INTO lease;
      leases := leases || lease;
    END IF;
  END LOOP;
  UPDATE control.budget SET tat = b.tat, limits = p_limits, host = p_host, updated_at = clock_timestamp() WHERE id = b.id;
  granted := charge;
  retry_ms := 0;
END $$;

-- How far a class may run ahead: batch leaves the last fifth of the burst to interactive callers.
CREATE FUNCTION control.budget_tolerance(p_limit jsonb, p_class text) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT (greatest(1, burst - CASE p_class WHEN 'batch' THEN ceil(burst * 0.2) ELSE 0 END) - 1)
         * (p_limit ->> 'period_seconds')::double precision * 1000 / (p_limit ->> 'points')::double precision
  FROM (SELECT coalesce((p_limit ->> 'burst')::double precision, (p_limit ->> 'points')::double precision) AS burst) s
$$;

-- Records what a provider said. p_block_ms: no call before then, and batch starts again with a single point; told to all who listen on
-- `sluice_budget` when this transaction commits. Only ever tightens: a shorter block does not end a longer one.
CREATE FUNCTION control.budget_report(
  p_workspace uuid, p_account text, p_host text, p_limits jsonb, p_block_ms double precision, p_windows jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  clock timestamptz;
  b control.budget;
  l jsonb;
BEGIN
  INSERT INTO control.budget (workspace_id, account, host, limits) VALUES (p_workspace, p_account, p_host, p_limits)
    ON CONFLICT (workspace_id, account) DO NOTHING;
  SELECT * INTO b FROM control.budget WHERE workspace_id = p_workspace AND account = p_account FOR UPDATE;
  clock := clock_timestamp();
  IF p_block_ms IS NOT NULL THEN
    b.blocked_until := greatest(b.blocked_until, clock + p_block_ms * interval '1 millisecond');
    FOR l IN SELECT * FROM jsonb_array_elements(p_limits) LOOP
      IF l ->> 'kind' = 'rate' THEN
        b.tat := b.tat || jsonb_build_object(l ->> 'name', greatest(
          coalesce((b.tat ->> (l ->> 'name'))::double precision, 0),
          extract(epoch FROM b.blocked_until) * 1000 + control.budget_tolerance(l, 'batch')));
      END IF;
    END LOOP;
    PERFORM pg_notify('sluice_budget', jsonb_build_object('workspace_id', p_workspace, 'account', p_account,
      'remaining_ms', extract(epoch FROM b.blocked_until - clock) * 1000)::text);
  END IF;
  IF p_windows IS NOT NULL THEN
    SELECT jsonb_build_object('at', clock, 'windows', coalesce(jsonb_agg(
        (w - 'reset_ms') || jsonb_build_object('resets_at', clock + (w ->> 'reset_ms')::double precision * interval '1 millisecond')), '[]'))
      INTO b.observed FROM jsonb_array_elements(p_windows) w;
  END IF;
  UPDATE control.budget SET blocked_until = b.blocked_until, tat = b.tat, observed = b.observed, limits = p_limits, updated_at = clock
    WHERE id = b.id;
END $$;

-- Down Migration
DROP FUNCTION control.budget_report(uuid, text, text, jsonb, double precision, jsonb);
DROP FUNCTION control.budget_take(uuid, text, text, jsonb, text, integer, integer, double precision);
DROP FUNCTION control.budget_tolerance(jsonb, text);
DROP INDEX control.budget_lease_by_id;
DROP INDEX control.budget_lease_expiry;
DROP INDEX control.budget_blocked;
