import { theOne, type Db } from './database.js';

interface Key {
  connectionId: string;
  /** A digest: what the job is for may name a customer. */
  job: string;
}

/** See control.job_slot_take. */
export async function takeJobSlot(db: Db, request: Key & { limit: number; holdMs: number }): Promise<boolean> {
  const { connectionId, job, limit, holdMs } = request;
  const sql = `SELECT control.job_slot_take($1, $2, $3, $4) AS taken`;
  return theOne(await db.query<{ taken: boolean }>(sql, [connectionId, job, limit, holdMs])).taken;
}

export async function holdJobSlot(db: Db, { connectionId, job, holdMs }: Key & { holdMs: number }): Promise<void> {
  await db.query(
    `INSERT INTO control.job_slot (connection_id, job, expires_at) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
     ON CONFLICT (connection_id, job) DO UPDATE SET expires_at = excluded.expires_at`,
    [connectionId, job, holdMs],
  );
}

export async function freeJobSlot(db: Db, { connectionId, job }: Key): Promise<void> {
  await db.query(`DELETE FROM control.job_slot WHERE connection_id = $1 AND job = $2`, [connectionId, job]);
}
