import { StackError, askLauncher, readStackFile, resolveHome, stateOf } from '../../libs/stack/index.js';

/** Asks the launcher, which owns the services, and waits until the service is ready again. */
export async function restart(name: string): Promise<void> {
  const home = resolveHome();
  const file = readStackFile(home);
  if (!file?.control || stateOf(file.launcher) === 'gone')
    throw new StackError('STACK_NOT_UP', `Nothing is up in ${home}. Start it with bin/sluice up.`);
  await askLauncher(file.control, `/restart/${encodeURIComponent(name)}`);
  console.log(`${name} restarted.`);
}
