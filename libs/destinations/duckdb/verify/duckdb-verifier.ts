import type { Verifier } from '../../../contracts/verifier.port.js';
import type { Session } from '../session.js';
import { inspectTable } from './inspect-table.js';
import { openSourceCopy, type TakenSession } from './source-copy.js';

interface Sessions {
  with<T>(work: (session: Session) => Promise<T>): Promise<T>;
  take(): Promise<TakenSession>;
}

/** See Verifier. A copy keeps the file open until it is closed. */
export const duckdbVerifier = (sessions: Sessions): Verifier => ({
  inspect: (request) =>
    sessions.with((session) => session.transaction('verifying a table', () => inspectTable(session, request))),
  copy: async (request) => openSourceCopy(await sessions.take(), request),
});
