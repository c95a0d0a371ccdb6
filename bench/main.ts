import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectorsSuite } from './connectors.suite.js';
import { digestSuite } from './digest.suite.js';
import { latencySuite } from './latency.suite.js';
import { memorySuite } from './memory.suite.js';
import { benchOptions, USAGE, type BenchOptions } from './options.js';
import { pgSuite } from './pg.suite.js';
import { REALTIME_USAGE, realtimeOptions } from './realtime/options.js';
import { realtimeSuite } from './realtime/realtime.suite.js';
import { realtimeTable } from './realtime/results.js';
import { restSuite } from './rest.suite.js';
import { resultTable, type BenchResult } from './results.js';
import { streamsSuite } from './streams.suite.js';
import { unchangedSuite } from './unchanged.suite.js';
import { wideSuite } from './wide.suite.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Calls and webhooks, which have latencies and no rows. @returns the exit code */
async function realtime(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = realtimeOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${REALTIME_USAGE}\n`);
    return 2;
  }
  const results = await realtimeSuite({ options, root, say });
  say(`\n${realtimeTable(results)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return results.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

/** @returns the exit code */
async function main(): Promise<number> {
  let options;
  try {
    options = benchOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n${REALTIME_USAGE}\n`);
    return 2;
  }
  const results = await play(options);
  say(`\n${resultTable(results)}\n`);
  const span =
    options.suite === 'connectors' ? 'from the start of the program to its end' : 'from the request to the last commit';
  say(`rates are medians over the rounds, ${span}; the memory is the highest of all rounds`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return 0;
}

function play(options: BenchOptions): Promise<BenchResult[]> {
  switch (options.suite) {
    case 'rest':
      return restSuite({ options, root, say });
    case 'connectors':
      return connectorsSuite({ options, root, say });
    case 'pg':
      return pgSuite({ options, root, say });
    case 'streams':
      return streamsSuite({ options, root, say });
    case 'wide':
      return wideSuite({ options, root, say });
    case 'latency':
      return latencySuite({ options, root, say });
    case 'unchanged':
      return unchangedSuite({ options, root, say });
    case 'memory':
      return memorySuite({ options, root, say });
    case 'digest':
      return digestSuite({ options, root, say });
    default: {
      const never: never = options;
      throw new Error(`unknown suite ${String(never)}`);
    }
  }
}

const [suite, ...rest] = process.argv.slice(2);
process.exit(suite === 'realtime' ? await realtime(rest) : await main());
