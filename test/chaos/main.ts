import { writeFileSync } from 'node:fs';
import { actions } from './actions/actions.suite.js';
import { cursors } from './cursors/cursors.suite.js';
import { modes } from './modes/modes.suite.js';
import { chaosOptions, type ChaosOptions, type Destination, type Suite } from './options.js';
import { partitions } from './partitions/partitions.suite.js';
import { passed, resultTable, tableByMode, type ChaosResult } from './result.js';
import { servers } from './servers/servers.suite.js';
import { secondsSince } from './wait.js';
import { KEPT_LOGS } from './world.js';
import { verify } from './verify/verify.suite.js';
import { webhooks } from './webhooks/webhooks.suite.js';
import { zombies } from './zombies/zombies.suite.js';

/** The same seed makes the same choices at each destination, whether or not it comes alone. */
function atEach(suite: (options: ChaosOptions & { destination: Destination }, results: ChaosResult[]) => Promise<void>) {
  return async (options: ChaosOptions, results: ChaosResult[]): Promise<void> => {
    for (const destination of options.destinations) await suite({ ...options, destination }, results);
  };
}

const SUITES: Readonly<Record<Suite, (options: ChaosOptions, results: ChaosResult[]) => Promise<void>>> = {
  cursors,
  modes: atEach(modes),
  zombies,
  servers,
  partitions,
  verify: atEach(verify),
  webhooks,
  actions,
};

function optionsOrExit(): ChaosOptions {
  try {
    return chaosOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const options = optionsOrExit();
const started = performance.now();
const results: ChaosResult[] = [];
console.log(`chaos ${options.suite}: rounds ${options.rounds}, seed ${options.seed} (repeat it with --seed ${options.seed})`);
// A suite that cannot go on still shows what it has.
const broken: unknown = await SUITES[options.suite](options, results).then(
  () => undefined,
  (error: unknown) => error,
);
console.log(resultTable(results));
if (options.suite === 'modes') console.log(tableByMode(results));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
if (broken !== undefined) console.error('the suite could not go on:', broken);
const right = broken === undefined && passed(results);
if (!right) console.log(`logs of its processes: ${KEPT_LOGS}`);
console.log(`${right ? 'right' : 'WRONG'}: chaos ${options.suite}, seed ${options.seed}, ${secondsSince(started)} s`);
process.exit(right ? 0 : 1);
