import { once } from 'node:events';
import { startStack } from '../../libs/stack/index.js';
import { demoOptions } from './options.js';
import { playDemo } from './play-demo.js';
import { progressBar } from './progress.js';

const options = demoOptions(process.argv.slice(2));
const bar = progressBar(process.stdout);
const stack = await startStack({
  demoShop: { args: ['--events', String(options.rows), '--pace', String(options.pace)] },
  log: (line) => bar.say(line),
});
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  const outcome = await Promise.race([playDemo({ stack, options, bar }), interrupted]);
  if (Array.isArray(outcome)) process.exitCode = 130;
  else {
    process.exitCode = outcome.right ? 0 : 1;
    if (!options.once) {
      bar.say(outcome.next);
      await interrupted;
    }
  }
} finally {
  bar.say('stopping');
  await stack.stop();
}
process.exit();
