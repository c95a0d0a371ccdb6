import { Command, InvalidArgumentError } from 'commander';
import { connectorCommand } from './connector/connector.command.js';
import { failWith } from './fail.js';
import type { ForecastOptions } from './forecast.js';
import type { VerifyOptions } from './verify.js';
import type { UpOptions } from './up.js';

/** The commands are imported when they run: `status` answers without loading Temporal's SDK. */
const count = (text: string): number => {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0 to 999.');
  return Number(text);
};

const program = new Command('sluice').description('Sluice: durable integration on Temporal and PostgreSQL').showHelpAfterError();

program
  .command('up')
  .description('start PostgreSQL, Temporal, the API and the workers; ends with Ctrl-C')
  .option('--workers <n>', 'how many workers', count, 1)
  .option('--demo-shop', 'start the demo shop too')
  .option('--shop-args <args...>', 'arguments for the demo shop, e.g. --shop-args=--customers=1000')
  .action(async (options: UpOptions) => (await import('./up.js')).up(options));
program
  .command('down')
  .description('end a running stack')
  .action(async () => (await import('./down.js')).down());
program
  .command('restart <name>')
  .description('end one service and start it again on the same port and data')
  .action(async (name: string) => (await import('./restart.js')).restart(name));
program
  .command('status')
  .description('what runs, where (exit code 3 when nothing is up)')
  .action(async () => (await import('./status.js')).status());

program
  .command('verify <sync>')
  .description('are the tables of a sync (its id) what they should be? Exit code 1 when something was found')
  .option('--source', 'read the source again, and compare row by row')
  .option('--repair', 'load again what is missing or differs (reads the source)')
  .option('--stream <name...>', 'only these streams')
  .option('--json', 'the whole answer as JSON')
  .option('--url <url>', 'address of the API; default: SLUICE_URL, else the stack that is up')
  .action(async (sync: string, options: VerifyOptions) => {
    process.exitCode = await (await import('./verify.js')).verify(sync, options, (line) => console.log(line));
  });

program
  .command('forecast <sync>')
  .description('what would a run of a sync (its id) take, in calls and time, if it began now?')
  .option('--json', 'the whole answer as JSON')
  .option('--url <url>', 'address of the API; default: SLUICE_URL, else the stack that is up')
  .action(async (sync: string, options: ForecastOptions) => {
    await (await import('./forecast.js')).forecast(sync, options, (line) => console.log(line));
  });

program.addCommand(connectorCommand());

void program.parseAsync().catch(failWith);
