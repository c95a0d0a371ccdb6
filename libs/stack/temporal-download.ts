/** The SDK's own download of the Temporal CLI, only to get the file. */
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from './home.js';
import { judge } from './temporal-version.js';

export interface GetBinary {
  /** An existing folder on the disk where the binary is to stay; temporary folders go there too. */
  into: string;
  say: (line: string) => void;
  /** Puts a finished binary into the cache. */
  keep: (file: string) => void;
  /** Has somebody else put one there meanwhile? */
  isKept: () => boolean;
}

const GIVE_UP_WITHOUT_BYTES_MS = 10_000;
const LOOK_EVERY_MS = 250;

const files = (folder: string): { path: string; size: number }[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }));

/**
 * A child process asks the SDK for an ephemeral server: the SDK has no way to only download. The child's whole group is ended as soon as the
 * file is there, or when no bytes have come for 10 s.
 * @throws with the reason, the SDK's own where it gave one.
 */
export async function downloadWithSdk({ into, say, keep }: GetBinary): Promise<void> {
  say('temporal: asking the Temporal SDK to download the CLI (about 50 MB; given up after 10 s without bytes)');
  const folder = mkdtempSync(join(into, 'download-'));
  const child = fork(join(checkoutRoot(), 'dist', 'libs', 'stack', 'temporal-download-child.js'), [folder], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  let outcome: { error?: string } | undefined;
  child.on('message', (message) => (outcome = message as { error?: string }));
  child.on('exit', () => (outcome ??= { error: 'its process ended without a word' }));
  try {
    for (
      let bytes = 0, since = Date.now();
      outcome === undefined;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    ) {
      const now = files(folder).reduce((sum, { size }) => sum + size, 0);
      if (now !== bytes) [bytes, since] = [now, Date.now()];
      else if (Date.now() - since > GIVE_UP_WITHOUT_BYTES_MS) throw new Error('the SDK got no bytes for 10 s');
    }
    if (outcome.error !== undefined) throw new Error(outcome.error);
    const [largest] = files(folder).sort((a, b) => b.size - a.size);
    if (!largest || !(await judge(largest.path)).usable) throw new Error('the SDK downloaded nothing that runs here');
    keep(largest.path);
  } catch (error) {
    throw new Error(`the Temporal CLI could not be downloaded: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    if (child.pid !== undefined && child.exitCode === null) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // already gone
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
