import type { Stack } from '../../libs/stack/index.js';
import type { RestClient } from './rest-client.js';

/** Connections and a sync of their own for each demo, so that an earlier one of the same home is not in the way. */
export async function createDemoSync(
  rest: RestClient,
  stack: Stack,
  suffix = demoSuffix(),
): Promise<{ syncId: string; table: string }> {
  const source = await rest.post<{ id: string }>('/v1/connections', {
    name: `demo shop ${suffix}`,
    connector: 'demo-shop',
    config: { base_url: stack.shopUrl, api_key: stack.shopApiKey, page_size: 1_000 },
  });
  const destinationId = await connectWarehouse(rest, stack, suffix);
  const table = `events_${suffix}`;
  const sync = await rest.post<{ id: string }>('/v1/syncs', {
    name: `demo ${suffix}`,
    source_id: source.id,
    destination_id: destinationId,
    streams: [{ name: 'events', mode: 'incremental_append', table }],
  });
  return { syncId: sync.id, table };
}

/** The id of a connection to the stack's warehouse. */
export async function connectWarehouse(rest: RestClient, stack: Stack, suffix: string): Promise<string> {
  const warehouse = new URL(stack.warehouseUrl);
  const { id } = await rest.post<{ id: string }>('/v1/connections', {
    name: `demo warehouse ${suffix}`,
    connector: 'postgres',
    config: {
      host: warehouse.hostname,
      port: Number(warehouse.port),
      database: warehouse.pathname.slice(1),
      user: decodeURIComponent(warehouse.username),
      password: decodeURIComponent(warehouse.password),
    },
  });
  return id;
}

/** Tells what one demo of a home makes from what the others made. */
export const demoSuffix = (now: Date = new Date()): string => now.toISOString().slice(0, 19).replace(/\D/g, '');
