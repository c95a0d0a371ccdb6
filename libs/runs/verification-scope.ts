import { SluiceError } from '../errors/index.js';
import { findLastBegunRun, getVerification, type Db, type VerificationRow } from '../store/index.js';
import { loadRunScope, type RunScope } from './run-scope.js';

/** A verification with the last run that began in the live lane, by whose version, catalog and manifest it looks; null: none did. */
export async function loadVerificationScope(
  db: Db,
  verificationId: string,
): Promise<{ verification: VerificationRow; scope: RunScope | null }> {
  const verification = await getVerification(db, { id: verificationId });
  if (verification === null)
    throw new SluiceError('NOT_FOUND', { detail: 'the verification', details: { verification: verificationId } });
  const run = await findLastBegunRun(db, { syncId: verification.syncId, lane: 'live' });
  return { verification, scope: run === null ? null : await loadRunScope(db, run.id) };
}
