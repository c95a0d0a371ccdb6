import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

/** Beside this file, in the sources and in dist alike. */
const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), 'migrations');

/**
 * Brings the control plane's schema up to date; returns the names of the migrations that ran now. Safe to call from any number of
 * processes at once: an advisory lock lets one work and the others wait.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const done = await runner({
    databaseUrl,
    dir: MIGRATIONS,
    direction: 'up',
    migrationsSchema: 'control',
    createMigrationsSchema: true,
    migrationsTable: 'migration',
    advisoryLockMode: 'wait',
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  return done.map((migration) => migration.name);
}
