import { parseOptions } from './options.js';
import { startShop } from './server.js';

/** Says on one line, and to a parent with a channel, that it is ready; ends at once on a signal and when the parent is gone. */
async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
  const { address } = await startShop(options);
  const ready = { ready: true, address, ...options.madeUp };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  // The callback swallows the error of a parent that died meanwhile: `disconnect` deals with that.
  process.send?.(ready, undefined, undefined, () => {});
}

for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(event, () => process.exit(0));

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
