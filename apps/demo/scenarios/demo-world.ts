import pg from 'pg';
import type { Stack } from '../../../libs/stack/index.js';
import { connectWarehouse, demoSuffix } from '../demo-sync.js';
import { RestClient } from '../rest-client.js';
import { DemoSystems } from './demo-systems.js';
import { addExampleFlows } from './example-flows.js';
import type { ScenarioWorld } from './scenario.js';

/** Both make calls of actions: the API process at once, the worker where that died. */
const CALLERS = ['api', 'worker-1'];

/** Connections, hooks and flows of their own for each demo, over its stack. */
export async function demoWorld(stack: Stack, say: (line: string) => void): Promise<ScenarioWorld> {
  const rest = new RestClient(stack.apiUrl, stack.apiKey);
  const suffix = ` ${demoSuffix()}`;
  const shop = { address: stack.shopUrl, apiKey: stack.shopApiKey, adminToken: stack.shopAdminToken };
  const systems = await DemoSystems.connect(shop, rest, suffix);
  return {
    ...{ rest, systems, say },
    flows: await addExampleFlows(rest, systems, suffix),
    warehouse: {
      connection: await connectWarehouse(rest, stack, `of${suffix}`),
      query: (sql) => query(stack.warehouseUrl, sql),
    },
    async killCallers() {
      const killed = CALLERS.map((name) => `${name} (${stack.service(name).pid})`).join(' and ');
      for (const name of CALLERS) stack.kill(name, 'SIGKILL');
      await Promise.all(CALLERS.map((name) => stack.restart(name)));
      return killed;
    },
  };
}

async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {}); // the statement that meets it throws it
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
