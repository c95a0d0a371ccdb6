import { randomUUID } from 'node:crypto';
import * as store from '../../libs/store/index.js';
import { createTestDatabase } from './test-database.js';

export interface AccountStore {
  pool: store.Pool;
  workspaceId: string;
  connectionId: string;
  /** Drops the database. */
  close: () => Promise<void>;
}

/** A control plane of its own with one connection, of no connector that there is. */
export async function storeWithAccount(name: string): Promise<AccountStore> {
  const database = await createTestDatabase(name);
  await store.migrate(database.url);
  const pool = store.createPool(database.url);
  const workspaceId = await store.getDefaultWorkspaceId(pool);
  const connectionId = randomUUID();
  const connection = { id: connectionId, workspaceId, name: 'c', connector: 'any', config: {}, secrets: null, budget: null };
  await store.insertConnection(pool, connection);
  const close = async (): Promise<void> => {
    await pool.end();
    await database.drop();
  };
  return { pool, workspaceId, connectionId, close };
}
