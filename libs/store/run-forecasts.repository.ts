import type { RunState } from '../contracts/run-state.js';
import type { Db } from './database.js';
import type { RunStreamState } from './run-streams.repository.js';

/** A sync's run that is not over, with what says how far it will go. */
export interface ActiveRunRow {
  id: string;
  syncId: string;
  syncName: string;
  sourceId: string;
  state: RunState;
  weight: number;
  startedAt: Date | null;
  /** Of a run that waits on a timer. */
  waitingUntil: Date | null;
}

/** At most 200, the oldest first. */
export async function listRunsUnderWay(db: Db, request: { workspaceId: string }): Promise<ActiveRunRow[]> {
  const { rows } = await db.query<ActiveRunRow>(
    `SELECT r.id, r.sync_id AS "syncId", s.name AS "syncName", s.source_id AS "sourceId", r.state, r.started_at AS "startedAt",
            coalesce((v.spec ->> 'weight')::double precision, 1) AS weight,
            CASE WHEN r.state = 'rate_limited' THEN (r.waiting ->> 'until')::timestamptz END AS "waitingUntil"
     FROM control.run AS r JOIN control.sync AS s ON s.id = r.sync_id
     JOIN control.sync_version AS v ON v.sync_id = r.sync_id AND v.version = r.sync_version
     WHERE r.workspace_id = $1 AND r.state IN ('queued', 'running', 'rate_limited', 'pausing', 'paused') ORDER BY r.seq LIMIT 200`,
    [request.workspaceId],
  );
  return rows;
}

/** How far a run is with a stream. */
export interface StreamProgressRow {
  runId: string;
  stream: string;
  state: RunStreamState;
  /** All of its slices are known. */
  planComplete: boolean;
  /** For its pages so far. */
  calls: number;
  done: number;
  /** Slices under way: one for each mover, which may have claimed more. */
  claimed: number;
  /** All others. */
  pending: number;
  /** Median of the calls of the latest five successful runs of the sync; null: there are none. */
  earlierCalls: number | null;
}

/** By run and stream. Slices are counted by their primary key. */
export async function listStreamProgress(db: Db, request: { runIds: readonly string[] }): Promise<StreamProgressRow[]> {
  const { rows } = await db.query<StreamProgressRow>(
    `SELECT rs.run_id AS "runId", rs.stream, rs.state, rs.plan_complete AS "planComplete", rs.calls, n.done, n.claimed, n.open - n.claimed AS pending,
            (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY e.calls) FROM (${EARLIER}) AS e) AS "earlierCalls"
     FROM control.run_stream AS rs JOIN control.run AS r ON r.id = rs.run_id CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE state IN ('done', 'failed'))::integer AS done, count(DISTINCT owner) FILTER (WHERE state = 'claimed')::integer AS claimed,
              count(*) FILTER (WHERE state IN ('claimed', 'pending'))::integer AS open
       FROM control.slice WHERE run_id = rs.run_id AND stream = rs.stream) AS n
     WHERE rs.run_id = ANY($1::uuid[]) ORDER BY rs.run_id, rs.stream`,
    [request.runIds],
  );
  return rows;
}

const EARLIER = `SELECT es.calls FROM control.run AS er JOIN control.run_stream AS es ON es.run_id = er.id AND es.stream = rs.stream
  WHERE er.sync_id = r.sync_id AND er.lane = r.lane AND er.state = 'succeeded' AND er.seq < r.seq AND es.calls > 0 ORDER BY er.seq DESC LIMIT 5`;

/** What a run that succeeded needed for one of its streams. */
export interface EarlierStreamRow {
  runId: string;
  finishedAt: Date;
  /** The run's, from its beginning to its end. */
  seconds: number;
  stream: string;
  calls: number;
  /** It was loaded from the beginning: no run had succeeded with it before, or a reset asked for it. */
  anew: boolean;
}

/** Of the latest twenty runs of the live lane that succeeded, newest first. By run_sync. */
export async function listEarlierStreams(db: Db, request: { syncId: string }): Promise<EarlierStreamRow[]> {
  const { rows } = await db.query<EarlierStreamRow>(
    `SELECT r.id AS "runId", r.finished_at AS "finishedAt", extract(epoch FROM r.finished_at - r.started_at)::double precision AS seconds,
            rs.stream, rs.calls,
            rs.stream = ANY(r.resets) OR NOT EXISTS (
              SELECT FROM control.run AS p JOIN control.run_stream AS ps ON ps.run_id = p.id AND ps.stream = rs.stream
              WHERE p.sync_id = r.sync_id AND p.lane = r.lane AND p.seq < r.seq AND p.state = 'succeeded')
            OR EXISTS (
              SELECT FROM control.sync_version AS v
              WHERE v.sync_id = r.sync_id AND v.version <= r.sync_version AND rs.stream = ANY(v.resets) AND v.version > coalesce((
                SELECT p.sync_version FROM control.run AS p
                WHERE p.sync_id = r.sync_id AND p.lane = r.lane AND p.seq < r.seq AND p.started_at IS NOT NULL ORDER BY p.seq DESC LIMIT 1), 0)) AS anew
     FROM (SELECT * FROM control.run WHERE sync_id = $1 AND lane = 'live' AND state = 'succeeded' AND started_at IS NOT NULL ORDER BY seq DESC LIMIT 20) AS r
     JOIN control.run_stream AS rs ON rs.run_id = r.id ORDER BY r.seq DESC, rs.stream`,
    [request.syncId],
  );
  return rows;
}
