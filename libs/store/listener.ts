import pg from 'pg';
import type { Pool } from './database.js';

export interface ListenOptions {
  channel: string;
  /** `application_name` of its connection. */
  name: string;
  /** To connect, and to answer each query: one that takes longer is dead, whatever its socket says. */
  answerMs: number;
  onNotification: (payload: string | undefined) => void;
  /** The connection has ended by itself. */
  onLost: (client: pg.Client, error: Error) => void;
}

/** Listens on a connection of its own, to the database of a pool; who opens it ends it. Throws what the database throws. */
export async function listen(pool: Pool, options: ListenOptions): Promise<pg.Client> {
  const client = new pg.Client({
    ...pool.options,
    // The pool keeps it out of a spread.
    password: pool.options.password,
    connectionTimeoutMillis: options.answerMs,
    query_timeout: options.answerMs,
    keepAlive: true,
    application_name: options.name,
  });
  client.on('error', (error) => options.onLost(client, error));
  client.on('notification', ({ payload }) => options.onNotification(payload));
  try {
    await client.connect();
    await client.query(`LISTEN ${options.channel}`);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
