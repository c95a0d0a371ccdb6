import { RestClient } from '../apps/demo/rest-client.js';
import { startStack, type Stack, type StackOptions } from '../libs/stack/index.js';
import { warehouseConfig } from './cases/sluice.case.js';
import { Warehouse } from './warehouse.js';

export interface Bench {
  stack: Stack;
  warehouse: Warehouse;
  rest: RestClient;
  /** Makes a connection; its id. */
  connect: (name: string, connector: string, config: unknown) => Promise<string>;
  /** The stack's warehouse as a connection; its id. */
  destination: string;
}

/** A stack of the suite's own, which is removed at the end, whatever happens; what a suite that was killed has left is removed at the beginning. */
export async function withStack<T>(
  options: StackOptions & { home: string; log: (line: string) => void },
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ ...options, anew: true, env: { LOG_LEVEL: 'warn', ...options.env } });
  const interrupted = () => void stack.destroy().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const warehouse = new Warehouse(stack.warehouseUrl);
  try {
    const rest = new RestClient(stack.apiUrl, stack.apiKey);
    const connect = async (name: string, connector: string, config: unknown): Promise<string> =>
      (await rest.post<{ id: string }>('/v1/connections', { name, connector, config })).id;
    const destination = await connect('bench warehouse', 'postgres', warehouseConfig(stack));
    return await work({ stack, warehouse, rest, connect, destination });
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    await warehouse.close();
    await stack.destroy();
  }
}
