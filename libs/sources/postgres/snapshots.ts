import { setTimeout as delay } from 'node:timers/promises';
import type { HeldSnapshot } from '../../contracts/source.port.js';
import { SluiceError, toSluiceError } from '../../errors/index.js';
import { literal, qualified, type PgSession } from '../../postgres/index.js';

const ASK_EVERY_MS = 5_000;
/** A holder that is frozen is followed by another one after 10 s; what it holds must not outlive that by long. */
const FORGOTTEN_MS = 60_000;
/** SQLSTATEs of SET TRANSACTION SNAPSHOT where nobody holds it: PostgreSQL up to 15, and from 16 on. */
const GONE: ReadonlySet<unknown> = new Set(['22023', '42704']);

/**
 * Exports a snapshot and keeps its transaction open. The table's lock comes first and stays: a rewrite or TRUNCATE would change what even an
 * older snapshot shows of it. `end` frees the session.
 */
export async function holdSnapshot(
  session: PgSession,
  { schema, name, end }: { schema: string; name: string; end: () => Promise<void> },
): Promise<HeldSnapshot> {
  const what = `holding a snapshot of ${schema}.${name}`;
  await session.query(
    what,
    `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL idle_in_transaction_session_timeout = ${FORGOTTEN_MS};
     LOCK TABLE ${qualified(schema, name)} IN ACCESS SHARE MODE`,
  );
  const [exported] = await session.query<{ id: string }>(what, 'SELECT pg_export_snapshot() AS id');
  const released = new AbortController();
  const lost = watch(session, what, released.signal);
  return {
    id: exported?.id ?? '',
    lost,
    async release() {
      released.abort();
      await end();
    },
  };
}

/** Resolves when the session fails; asked every few seconds, so that the server does not take it for forgotten. */
function watch(session: PgSession, what: string, released: AbortSignal): Promise<SluiceError> {
  return new Promise((resolve) => {
    const gone = (): void => {
      if (!released.aborted) resolve(new SluiceError('SNAPSHOT_LOST', { detail: `${what}: its session ended` }));
    };
    session.client.once('end', gone);
    const ask = async (): Promise<void> => {
      for (;;) {
        await delay(ASK_EVERY_MS, undefined, { signal: released });
        await session.query(what, 'SELECT 1');
      }
    };
    ask().catch((error: unknown) => {
      if (!released.aborted) resolve(toSluiceError(error));
    });
  });
}

/** Begins the transaction of one read. Errors: SNAPSHOT_LOST. */
export async function beginReading(
  session: PgSession,
  { what, snapshot, statementMs }: { what: string; snapshot: string | undefined; statementMs: number },
): Promise<void> {
  const taken = snapshot === undefined ? '' : `SET TRANSACTION SNAPSHOT ${literal(snapshot)}; `;
  try {
    await session.query(
      what,
      `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${taken}SET LOCAL statement_timeout = ${statementMs}`,
    );
  } catch (error) {
    if (snapshot === undefined || !GONE.has(toSluiceError(error).details['sqlstate'])) throw error;
    throw new SluiceError('SNAPSHOT_LOST', { detail: what, cause: error });
  }
}
