import pg from 'pg';
import { createDestination } from '../../libs/destinations/registry.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import type { Destination } from '../../libs/contracts/destination.port.js';
import { createTestDatabase } from '../support/test-database.js';
import type { DestinationWorld } from './destination-world.js';

export interface PostgresWorld extends DestinationWorld {
  /** A superuser's session in the destination's database. */
  sql: pg.Client;
  /** Of the server. */
  address: { host: string; port: number };
  /** As another role, or through another port. */
  connectAs(change: { user?: string; password?: string; host?: string; port?: number; database?: string }): Destination;
}

/** A PostgreSQL database of its own. */
export async function postgresWorld(): Promise<PostgresWorld> {
  const database = await createTestDatabase('loader');
  const url = new URL(database.url);
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  const connectAs: PostgresWorld['connectAs'] = (change) => {
    const { password = decodeURIComponent(url.password), ...rest } = change;
    return createDestination({
      connector: 'postgres',
      config: {
        host: url.hostname,
        port: Number(url.port),
        database: url.pathname.slice(1),
        user: decodeURIComponent(url.username),
        ...rest,
      },
      secrets: { password },
    });
  };
  return {
    sql,
    address: { host: url.hostname, port: Number(url.port) },
    connectAs,
    connect: () => connectAs({}),
    rows: async (table) =>
      (await sql.query<{ row: SourceRecord }>(`SELECT to_jsonb(t) AS row FROM "${table}" t`)).rows.map(({ row }) => row),
    close: async () => {
      await sql.end();
      await database.drop();
    },
  };
}
