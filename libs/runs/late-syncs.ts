import { storeSyncLate } from '../events/index.js';
import type { SecretBox } from '../secrets/index.js';
import { clearSyncLate, inTransaction, listPunctuality, setSyncLate, type Pool } from '../store/index.js';
import { lateness } from './lateness.policy.js';

const BATCH = 100;

/** Says of syncs that they are late, with an event, or not any more. Returns the ids of those that became late. */
export async function findLateSyncs({ pool, secrets }: { pool: Pool; secrets: SecretBox }): Promise<string[]> {
  const found: string[] = [];
  let syncs = await listPunctuality(pool, { limit: BATCH, after: null });
  for (; syncs.length > 0; syncs = await listPunctuality(pool, { limit: BATCH, after: syncs.at(-1)?.id ?? null }))
    for (const sync of syncs) {
      const verdict = lateness(sync, new Date());
      if (verdict.is === 'on_time') {
        if (sync.lateSince !== null) await clearSyncLate(pool, sync);
      } else if (sync.lateSince === null)
        await inTransaction(pool, async (tx) => {
          if (!(await setSyncLate(tx, { ...sync, since: verdict.since }))) return;
          await storeSyncLate(tx, secrets, { sync, ...verdict });
          found.push(sync.id);
        });
    }
  return found;
}
