import { SluiceError } from '../../errors/index.js';
import { SCHEMA_VERSIONS } from './sluice-schema.js';
import type { Session } from './session.js';

const WHAT = 'preparing the schema sluice';
const CURRENT = SCHEMA_VERSIONS.at(-1)?.version ?? 0;

/** Creates or upgrades the schema `sluice`. Idempotent; workers that start together wait for each other. Errors: DESTINATION_UNSUPPORTED (a newer Sluice was here). */
export async function installSchema(session: Session): Promise<void> {
  if ((await installedVersion(session)) >= CURRENT) return;
  await session.transaction(WHAT, async () => {
    await session.query(WHAT, `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('sluice.schema', 0))`);
    const installed = await installedVersion(session);
    for (const { version, statements } of SCHEMA_VERSIONS) if (version > installed) await session.query(WHAT, statements);
    await session.query(
      WHAT,
      `INSERT INTO sluice.meta (version, oldest_reader) VALUES (${CURRENT}, 1)
       ON CONFLICT (only_one) DO UPDATE SET version = excluded.version, oldest_reader = excluded.oldest_reader, updated_at = now()
       WHERE meta.version < excluded.version`,
    );
  });
}

/**
 * Reads the catalog's tables. to_regclass would answer from the session's cache, which an advisory lock does not refresh: who has waited for
 * somebody else's installation would still see nothing.
 */
const META_EXISTS = `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'sluice' AND c.relname = 'meta'`;

/** 0: not installed. */
async function installedVersion(session: Session): Promise<number> {
  const exists = await session.query(WHAT, META_EXISTS);
  if (exists.length === 0) return 0;
  const [meta] = await session.query<{ version: number; oldest_reader: number }>(
    WHAT,
    'SELECT version, oldest_reader FROM sluice.meta',
  );
  if ((meta?.oldest_reader ?? 0) > CURRENT)
    throw new SluiceError('DESTINATION_UNSUPPORTED', {
      detail: 'a newer Sluice has changed the schema sluice in this database; update this one',
    });
  return meta?.version ?? 0;
}
