import { join } from 'node:path';
import { startStack, type Stack } from '../../libs/stack/index.js';

export interface UpOptions {
  workers: number;
  demoShop?: boolean;
  shopArgs?: string[];
}

/** Runs the stack in the foreground until Ctrl-C, `sluice down`, or the end of the terminal; what dies meanwhile is started again. */
export async function up({ workers, demoShop, shopArgs = [] }: UpOptions): Promise<void> {
  const running: { stack?: Stack } = {};
  let asked = 0;
  const leave = async (): Promise<void> => {
    asked += 1;
    // While it is still starting, or when the reader insists: leave at once, the reaper ends the rest.
    if (!running.stack || asked > 1) process.exit(130);
    console.log('stopping');
    await running.stack.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave());
  process.stdout.on('error', () => {}); // `sluice up | head`: nobody reads any more, the stack goes on

  const shop = demoShop === true ? { demoShop: { args: shopArgs } } : {};
  const stack = await startStack({ workers, keepUp: true, log: console.log, ...shop });
  running.stack = stack;
  const lines: [string, string][] = [
    ['API', stack.apiUrl],
    ['API docs', `${stack.apiUrl}/v1/docs`],
    ['Temporal UI', stack.temporalUiUrl],
    ['Demo shop', stack.shopUrl],
    ['API key', `in ${join(stack.home, 'api-key')}`],
    ['Logs', join(stack.home, 'logs')],
  ];
  console.log('\nSluice is up (Ctrl-C ends it):');
  for (const [name, value] of lines) if (value !== '') console.log(`  ${name.padEnd(12)} ${value}`);
}
