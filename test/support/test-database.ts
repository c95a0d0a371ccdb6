import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** Connection URL of a new, empty database. */
  url: string;
  drop(): Promise<void>;
}

/** A database of its own on the server that the test runner started (SLUICE_TEST_DATABASE_URL). */
export async function createTestDatabase(prefix = 'test'): Promise<TestDatabase> {
  const base = process.env['SLUICE_TEST_DATABASE_URL'];
  if (!base) throw new Error('SLUICE_TEST_DATABASE_URL is not set: run the tests with `npm test`');
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await administer(base, `CREATE DATABASE ${name}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(base, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
