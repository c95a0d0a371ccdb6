import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What the CLI that we install is, and the oldest server that will do: priorities and eager starts need 1.29. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';
const OLDEST_SERVER = [1, 29] as const;

/** The server inside a CLI, from `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. @returns undefined when the text has none. */
export const serverVersionIn = (text: string): string | undefined => /\(Server (\d+\.\d+\.\d+[^,)]*)/.exec(text)?.[1];

export function isNewEnough(serverVersion: string): boolean {
  const [major = 0, minor = 0] = serverVersion.split('.').map(Number);
  return major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
}

export type Verdict = { usable: true; serverVersion: string } | { usable: false; reason: string };

/** Runs `temporal --version`: does this binary run here, and is its server new enough? */
export async function judge(binary: string): Promise<Verdict> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 });
    const serverVersion = serverVersionIn(stdout);
    if (serverVersion === undefined)
      return { usable: false, reason: `${binary} does not tell its server's version: ${stdout.trim()}` };
    if (isNewEnough(serverVersion)) return { usable: true, serverVersion };
    return { usable: false, reason: `${binary} has server ${serverVersion}; ${OLDEST_SERVER.join('.')} or newer is needed` };
  } catch (error) {
    return { usable: false, reason: `${binary} does not run: ${error instanceof Error ? error.message : String(error)}` };
  }
}
