import { randomBytes } from 'node:crypto';
import { generateApiKey } from '../../libs/secrets/index.js';
import { ApiClient } from './api-client.js';
import { startApp, type AppProcess } from './app-process.js';
import { serverConfig } from './server-config.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** In every credential of this world, and nowhere else. */
export const SECRET_MARKER = 'marker-7f3a9c';
const SHOP_KEY = `${SECRET_MARKER}-shop`;

export interface ApiWorld {
  api: AppProcess;
  client: ApiClient;
  /** Of the demo shop. */
  shop: AppProcess;
  database: TestDatabase;
  env: Record<string, string>;
  /** Configuration of a connection to the shop, and of one to this world's database. */
  shopConfig: Record<string, unknown>;
  warehouseConfig: Record<string, unknown>;
  stop(): Promise<void>;
}

/** Nothing listens there: for what must be unreachable. */
export const CLOSED_PORT = '127.0.0.1:9';

/** A real API process over a database of its own, the demo shop, and Temporal where the runner has started one. */
export async function startApiWorld(): Promise<ApiWorld> {
  const [database, shop] = await Promise.all([
    createTestDatabase('api'),
    startApp('demo-shop', { args: ['--orders', '50', '--api-key', SHOP_KEY] }),
  ]);
  const warehouse = serverConfig(database.url);
  const apiKey = generateApiKey();
  const env = {
    SLUICE_DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: process.env['SLUICE_TEST_TEMPORAL_ADDRESS'] ?? CLOSED_PORT,
    TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
    SLUICE_SECRET_KEY: randomBytes(32).toString('base64'),
    SLUICE_BOOTSTRAP_API_KEY: apiKey,
    SLUICE_EGRESS_ALLOW: [new URL(shop.address).host, `${warehouse.host}:${warehouse.port}`, CLOSED_PORT].join(','),
  };
  const api = await startApp('api', { env });
  return {
    ...{ api, shop, database, env },
    client: new ApiClient(api.address, apiKey),
    shopConfig: { base_url: shop.address, api_key: SHOP_KEY },
    warehouseConfig: { ...warehouse, password: warehouse.password || `${SECRET_MARKER}-unused` },
    async stop() {
      await Promise.all([api.stop(), shop.stop()]);
      await database.drop();
    },
  };
}
