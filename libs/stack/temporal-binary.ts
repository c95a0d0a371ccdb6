/** Finds or gets a Temporal dev server's binary; each way that fails says why, and the next is tried. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { StackError, messageOf } from './stack-error.js';
import { downloadWithSdk } from './temporal-download.js';
import { goInstall } from './temporal-go-install.js';
import { TEMPORAL_CLI_VERSION, judge } from './temporal-version.js';

export interface TemporalBinary {
  path: string;
  serverVersion: string;
}

const NAME = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** `~/.cache/sluice/temporal-cli-v1.5.1`: one for all checkouts of this user. */
const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice', `temporal-cli-${TEMPORAL_CLI_VERSION}`);

const onPath = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, NAME))
    .find((file) => existsSync(file));

/** The cache folder; the home's own where the user has no writable cache (a service account without a home). */
function writableCache(home: string): string {
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    return cacheFolder();
  } catch {
    const own = join(home, 'cache', `temporal-cli-${TEMPORAL_CLI_VERSION}`);
    mkdirSync(own, { recursive: true });
    return own;
  }
}

/** Complete or absent: never half a binary in the cache. */
function keep(file: string, cached: string): void {
  const part = `${cached}.${process.pid}.part`;
  copyFileSync(file, part);
  chmodSync(part, 0o755);
  renameSync(part, cached);
}

/**
 * PATH, the user's cache, the SDK's download, `go install`: the first that gives a usable server.
 * @throws StackError TEMPORAL_UNAVAILABLE with the reason of each way, and what to do.
 */
export async function findTemporal(home: string, say: (line: string) => void): Promise<TemporalBinary> {
  const refused: string[] = [];
  const consider = async (path: string): Promise<TemporalBinary | undefined> => {
    const verdict = await judge(path);
    if (verdict.usable) return { path, serverVersion: verdict.serverVersion };
    refused.push(verdict.reason);
    say(`temporal: ${verdict.reason}`);
    return undefined;
  };

  const own = onPath();
  const cached = join(writableCache(home), NAME);
  for (const path of [own, cached]) {
    const found = path !== undefined && existsSync(path) ? await consider(path) : undefined;
    if (found) return found;
  }

  rmSync(cached, { force: true }); // refused: it must not be taken for the one that is fetched now
  for (const way of [downloadWithSdk, goInstall]) {
    try {
      const started = performance.now();
      await way({ into: writableCache(home), say, keep: (file) => keep(file, cached), isKept: () => existsSync(cached) });
      say(`temporal: got the binary in ${((performance.now() - started) / 1000).toFixed(0)} s, kept as ${cached}`);
      const found = await consider(cached);
      if (found) return found;
    } catch (error) {
      refused.push(messageOf(error));
      say(`temporal: ${messageOf(error)}`);
    }
  }
  throw new StackError(
    'TEMPORAL_UNAVAILABLE',
    [
      'No Temporal server could be found or installed:',
      ...refused.map((reason) => `  - ${reason}`),
      'One of these will do: set TEMPORAL_ADDRESS to a running server; put the Temporal CLI (server 1.29 or newer, https://docs.temporal.io/cli) on PATH;',
      'allow downloads from temporal.download; or install Go 1.25 or newer.',
    ].join('\n'),
  );
}
