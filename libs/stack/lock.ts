import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './home.js';
import { identify, stateOf, type ProcessIdentity } from './process-identity.js';
import { StackError } from './stack-error.js';

const holderOf = (text: string): ProcessIdentity | undefined => {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
};

/**
 * Makes this process the only launcher of `home`, until the returned function is called. The lock of a launcher that died is taken over.
 * @throws StackError STACK_BUSY with the holder's pid.
 */
export function lockHome(home: string): () => void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const file = join(home, 'lock');
  const mine = join(home, `lock.${process.pid}`);
  const content = JSON.stringify(identify(process.pid));
  writeFileSync(mine, content);
  try {
    for (;;) {
      try {
        linkSync(mine, file); // atomic, and fails where a lock exists
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const text = readText(file);
      if (text === undefined) continue;
      const holder = holderOf(text);
      if (holder && stateOf(holder) !== 'gone')
        throw new StackError(
          'STACK_BUSY',
          `Another launcher (pid ${holder.pid}) runs on ${home}. Stop it with bin/sluice down, or set SLUICE_HOME to another folder.`,
        );
      takeAway(file, text);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readText(file) === content) rmSync(file, { force: true });
  };
}

/** Removes a dead launcher's lock; where a rival was quicker and what lies there is its new lock, puts that back. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // a rival removed it
  }
  if (readText(aside) !== stale) renameSync(aside, file);
  else rmSync(aside, { force: true });
}
