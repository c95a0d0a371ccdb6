import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** All services of a stack share a machine: an acknowledgement that somebody waits for goes before the work that follows it. */
export const BEHIND_THE_API = 10;

/** Who is not root may say it ten times a second on the whole machine; then it is EAGAIN. */
const AGAIN_AFTER_MS = 110;
const MOST_TRIES = 20;

/** `nice` becomes the command: the process is the same one, and all of its threads are as nice, which they would not be if it were made so later. */
export const nicely = (niceness: number, command: string, args: readonly string[]): [string, readonly string[]] =>
  niceness === 0 ? [command, args] : ['nice', ['-n', String(niceness), command, ...args]];

/**
 * The same for the session that the process leads. Linux with `sched_autogroup` shares the processor between sessions, each service is one, and niceness then counts
 * within it only. Elsewhere, and where it is not allowed, nothing happens: everything works, only later.
 */
export async function makeSessionNice(pid: number, niceness: number): Promise<void> {
  if (niceness === 0 || process.platform !== 'linux') return;
  for (let tries = 0; tries < MOST_TRIES; tries++)
    try {
      return writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      await delay(AGAIN_AFTER_MS);
    }
}
