import type { Verifier } from '../../../contracts/verifier.port.js';
import type { Session, SessionTimeouts } from '../session.js';
import type { SessionPool } from '../session-pool.js';
import { inspectTable } from './inspect-table.js';
import { openSourceCopy } from './source-copy.js';

/** See Verifier. `withSchema`: takes a session of a destination whose schema `sluice` is there. */
export const postgresVerifier = (
  withSchema: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  { pool, timeouts }: { pool: () => SessionPool; timeouts: () => SessionTimeouts },
): Verifier => ({
  inspect: (request) =>
    withSchema((session) =>
      session.transaction(
        'verifying a table',
        async () => {
          await session.query('verifying a table', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
          return inspectTable(session, request);
        },
        { statementMs: timeouts().publishMs },
      ),
    ),
  copy: async (request) => {
    await withSchema(() => Promise.resolve());
    return openSourceCopy(pool(), timeouts(), request);
  },
});
