import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runChild } from '../run-child.js';

const OLDEST_PYTHON = [3, 10] as const;

/**
 * A Python environment with what is asked for, made once and kept in the user's cache.
 * @returns its folders of programs and of packages, or why there is none
 */
export async function pythonEnvironment(request: {
  /** Of the folder, and in what is said. */
  name: string;
  version: string;
  /** As pip names them, with their versions. */
  requirements: readonly string[];
  say: (line: string) => void;
}): Promise<{ bin: string; sitePackages: string } | { missing: string }> {
  const { name, version: wanted, requirements, say } = request;
  const version = await runChild('python3', ['-c', 'import sys; print(sys.version_info[0], sys.version_info[1])']).catch(
    () => undefined,
  );
  if (version === undefined) return { missing: 'there is no python3' };
  const [major = 0, minor = 0] = version.stdout.trim().split(' ').map(Number);
  if (major !== OLDEST_PYTHON[0] || minor < OLDEST_PYTHON[1]) {
    return { missing: `python3 is ${major}.${minor}, ${name} needs ${OLDEST_PYTHON.join('.')}` };
  }
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'bench', `${name}-${wanted}`);
  const bin = join(folder, 'bin');
  const environment = { bin, sitePackages: join(folder, 'lib', `python${major}.${minor}`, 'site-packages') };
  // written last: a half-made environment is made anew
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return environment;
  say(`${name}: installing ${requirements.join(', ')} into ${folder} (half a minute, once)`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runChild('python3', ['-m', 'venv', folder]);
    await runChild(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements]);
    writeFileSync(complete, '');
    return environment;
  } catch (error) {
    return { missing: `it could not be installed: ${error instanceof Error ? error.message.slice(-300) : String(error)}` };
  }
}
