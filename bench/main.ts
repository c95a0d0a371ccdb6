import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectorsSuite } from './connectors.suite.js';
import { benchOptions, USAGE } from './options.js';
import { restSuite } from './rest.suite.js';
import { resultTable } from './results.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns the exit code */
async function main(): Promise<number> {
  let options;
  try {
    options = benchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const results =
    options.suite === 'rest' ? await restSuite({ options, root, say }) : await connectorsSuite({ options, root, say });
  say(`\n${resultTable(results)}\n`);
  const span = options.suite === 'rest' ? 'from the request to the last commit' : 'from the start of the program to its end';
  say(`rates are medians over the rounds, ${span}; the memory is the highest of all rounds`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return 0;
}

process.exit(await main());
