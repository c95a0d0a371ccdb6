import { StackError, askLauncher, readStackFile, resolveHome, stateOf, sweep, waitGone } from '../../libs/stack/index.js';

/** The launcher promises 10 s; a little more for a busy machine. */
const LIMIT_MS = 15_000;

/** Ends the running stack, or what a launcher that died has left of it. */
export async function down(): Promise<void> {
  const home = resolveHome();
  const file = readStackFile(home);
  if (!file) return console.log(`Nothing is up in ${home}.`);
  if (stateOf(file.launcher) === 'gone') {
    const swept = await sweep(home);
    return console.log(swept.length > 0 ? `Its launcher was gone; ended ${swept.join(', ')}.` : `Nothing is up in ${home}.`);
  }
  if (file.control) await askLauncher(file.control, '/down');
  else process.kill(file.launcher.pid, 'SIGTERM');
  if (!(await waitGone(file.launcher, LIMIT_MS)))
    throw new StackError(
      'STACK_SERVICE_FAILED',
      `The launcher (pid ${file.launcher.pid}) has not ended within ${LIMIT_MS / 1000} s.`,
    );
  console.log('Stopped.');
}
