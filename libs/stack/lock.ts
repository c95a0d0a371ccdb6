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
 * Makes this process the only one to hold `folder`'s lock. The lock of a process that died is taken over.
 * @returns how to give it back, or who holds it.
 */
export function tryLock(folder: string): (() => void) | { heldBy: number } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'lock');
  const mine = join(folder, `lock.${process.pid}`);
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
      if (holder && stateOf(holder) !== 'gone') return { heldBy: holder.pid };
      takeAway(file, text);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readText(file) === content) rmSync(file, { force: true });
  };
}

/** One launcher a home. @throws StackError STACK_BUSY with the holder's pid. */
export function lockHome(home: string): () => void {
  const lock = tryLock(home);
  if (typeof lock === 'function') return lock;
  throw new StackError(
    'STACK_BUSY',
    `Another launcher (pid ${lock.heldBy}) runs on ${home}. Stop it with bin/sluice down, or set SLUICE_HOME to another folder.`,
  );
}

/** Removes a dead process's lock; where a rival was quicker and what lies there is its new lock, puts that back. */
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
