import { once } from 'node:events';
import { startStack } from '../../libs/stack/index.js';
import { demoOptions } from './options.js';
import { progressBar } from './progress.js';
import { demoSucceeded, demoTable } from './report.js';
import { runDemo } from './run-demo.js';
import { whatNext } from './what-next.js';

const options = demoOptions(process.argv.slice(2));
const bar = progressBar(process.stdout);
const stack = await startStack({
  demoShop: { args: ['--events', String(options.rows), '--pace', String(options.pace)] },
  log: (line) => bar.say(line),
});
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  const outcome = await Promise.race([runDemo({ stack, options, bar }), interrupted]);
  if (Array.isArray(outcome)) process.exitCode = 130;
  else {
    bar.say(`\n${demoTable(outcome.result)}\n`);
    process.exitCode = demoSucceeded(outcome.result) ? 0 : 1;
    if (!options.once) {
      bar.say(whatNext({ stack, runId: outcome.runId, syncId: outcome.syncId }));
      await interrupted;
    }
  }
} finally {
  bar.say('stopping');
  await stack.stop();
}
process.exit();
