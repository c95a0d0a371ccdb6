import { one, type Db } from './database.js';

export interface CircuitKey {
  workspaceId: string;
  account: string;
  host: string;
}

/** A circuit that is not closed. Times are durations from now on, on the database's clock. */
export interface OpenCircuit extends CircuitKey {
  /** Until a probe may be sent; 0: now. */
  remainingMs: number;
}

/** A probe of which nobody says that it is under way is forgotten after this: its process has died. Whoever sends one says so every second. */
export const PROBE_MS = 10_000;
/** While a probe is under way, others ask again after this. */
const ASK_AGAIN_MS = 1_000;

const REMAINING = `CASE WHEN probe_until > clock_timestamp() THEN ${ASK_AGAIN_MS}
  ELSE greatest(0, extract(epoch FROM until - clock_timestamp()) * 1000) END::double precision AS "remainingMs"`;

/** Opens it, unless it is open. */
export async function openCircuit(db: Db, key: CircuitKey, opening: { ms: number; reason: string }): Promise<void> {
  await db.query(
    `INSERT INTO control.circuit (workspace_id, account, host, until, reason)
     VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond', $5) ON CONFLICT DO NOTHING`,
    [key.workspaceId, key.account, key.host, opening.ms, opening.reason],
  );
}

/** Asks to send the one probe of a circuit whose time has come. `level`: how many probes have failed before. */
export async function takeProbe(
  db: Db,
  key: CircuitKey,
): Promise<{ kind: 'granted'; level: number } | { kind: 'open'; remainingMs: number } | { kind: 'closed' }> {
  const where = 'workspace_id = $1 AND account = $2 AND host = $3';
  const values = [key.workspaceId, key.account, key.host];
  const taken = await db.query<{ level: number }>(
    `UPDATE control.circuit SET probe_until = clock_timestamp() + ${PROBE_MS} * interval '1 millisecond'
     WHERE ${where} AND until <= clock_timestamp() AND (probe_until IS NULL OR probe_until <= clock_timestamp()) RETURNING level`,
    values,
  );
  const granted = one(taken);
  if (granted !== null) return { kind: 'granted', level: granted.level };
  const open = one(await db.query<{ remainingMs: number }>(`SELECT ${REMAINING} FROM control.circuit WHERE ${where}`, values));
  return open === null ? { kind: 'closed' } : { kind: 'open', remainingMs: open.remainingMs };
}

/** These probes, of this process, are still under way. */
export async function renewProbes(db: Db, keys: readonly CircuitKey[]): Promise<void> {
  const of = (name: keyof CircuitKey): string[] => keys.map((key) => key[name]);
  await db.query(
    `UPDATE control.circuit c SET probe_until = clock_timestamp() + ${PROBE_MS} * interval '1 millisecond'
     FROM unnest($1::uuid[], $2::text[], $3::text[]) AS p (workspace_id, account, host)
     WHERE (c.workspace_id, c.account, c.host) = (p.workspace_id, p.account, p.host) AND c.probe_until IS NOT NULL`,
    [of('workspaceId'), of('account'), of('host')],
  );
}

/** What the probe found. `fine` closes it; `openMs`: it did not work, and stays open so long; null: the probe was not sent. */
export async function settleProbe(db: Db, key: CircuitKey, found: 'fine' | { openMs: number } | null): Promise<void> {
  const where = 'workspace_id = $1 AND account = $2 AND host = $3';
  const values = [key.workspaceId, key.account, key.host];
  if (found === 'fine') await db.query(`DELETE FROM control.circuit WHERE ${where}`, values);
  else if (found === null) await db.query(`UPDATE control.circuit SET probe_until = NULL WHERE ${where}`, values);
  else
    await db.query(
      `UPDATE control.circuit SET probe_until = NULL, level = level + 1, until = clock_timestamp() + $4 * interval '1 millisecond' WHERE ${where}`,
      [...values, found.openMs],
    );
}

/** All that are not closed, of all workspaces: few. */
export async function openCircuits(db: Db): Promise<OpenCircuit[]> {
  const { rows } = await db.query<OpenCircuit>(
    `SELECT workspace_id AS "workspaceId", account, host, ${REMAINING} FROM control.circuit`,
  );
  return rows;
}

export interface CircuitRow {
  account: string;
  host: string;
  openedAt: Date;
  until: Date;
  probing: boolean;
  failedProbes: number;
  reason: string;
}

/** Of a workspace, the latest first; at most 1,000. */
export async function listCircuits(db: Db, { workspaceId }: { workspaceId: string }): Promise<CircuitRow[]> {
  const { rows } = await db.query<CircuitRow>(
    `SELECT account, host, opened_at AS "openedAt", until, coalesce(probe_until > clock_timestamp(), false) AS probing, level AS "failedProbes", reason
     FROM control.circuit WHERE workspace_id = $1 ORDER BY opened_at DESC LIMIT 1000`,
    [workspaceId],
  );
  return rows;
}
