import { markNeedsReauthorization, storeSyncFailed } from '../events/index.js';
import type { SecretBox } from '../secrets/index.js';
import { getSync, transitionRun, type RunError, type RunRow, type Transaction } from '../store/index.js';

/** Of a status 403 it is a right that is missing, perhaps to one stream only: the credentials are good. */
const FORBIDDEN = 403;

/** Ends a run as failed, and tells flows of it in the same transaction. null: it had ended. */
export async function failRun(
  tx: Transaction,
  secrets: SecretBox,
  { id, error }: { id: string; error?: RunError },
): Promise<RunRow | null> {
  const run = await transitionRun(tx, { id, to: 'failed', ...(error === undefined ? {} : { error }) });
  const sync = run === null ? null : await getSync(tx, { id: run.syncId });
  if (run === null || sync === null) return run;
  const why: RunError = error ?? { code: 'INTERNAL' };
  await storeSyncFailed(tx, secrets, { sync, run, error: why });
  const refused = refusedEnd(why);
  // What was changed since the run was asked for may be what helps.
  if (refused !== null)
    await markNeedsReauthorization(tx, secrets, { id: sync[refused], asOf: { time: run.createdAt }, code: why.code });
  return run;
}

/** Whose credentials were refused for good; null: nobody's. */
function refusedEnd({ code, details }: RunError): 'sourceId' | 'destinationId' | null {
  if (code === 'DESTINATION_AUTH_FAILED') return 'destinationId';
  return code === 'SOURCE_AUTH_FAILED' && details?.['status'] !== FORBIDDEN ? 'sourceId' : null;
}
