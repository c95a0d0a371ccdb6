/**
 * Runs the command in its arguments, and ends it with all its children when the launcher goes away or this process is told to end.
 * Started detached, so that its process group holds just these.
 */
import { spawn } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);
const endAll = (): void => void process.kill(-process.pid, 'SIGKILL');
process.on('disconnect', endAll);
process.on('SIGTERM', endAll);

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', () => process.exit(127));
child.once('exit', (code) => process.exit(code ?? 1));
