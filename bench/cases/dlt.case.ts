import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Mode } from '../options.js';
import { lastJson, runChild } from '../run-child.js';
import type { BenchCase } from './bench-case.js';

const DLT_VERSION = '1.31.0';
const OLDEST_PYTHON = [3, 10] as const;

/**
 * A Python with dlt, made once and kept in the user's cache.
 * @returns its path, or why there is none
 */
export async function pythonWithDlt(say: (line: string) => void): Promise<{ python: string } | { missing: string }> {
  const version = await runChild('python3', ['-c', 'import sys; print(sys.version_info[0], sys.version_info[1])']).catch(
    () => undefined,
  );
  if (version === undefined) return { missing: 'there is no python3' };
  const [major = 0, minor = 0] = version.stdout.trim().split(' ').map(Number);
  if (major !== OLDEST_PYTHON[0] || minor < OLDEST_PYTHON[1]) {
    return { missing: `python3 is ${major}.${minor}, dlt needs ${OLDEST_PYTHON.join('.')}` };
  }
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'bench', `dlt-${DLT_VERSION}`);
  const python = join(folder, 'bin', 'python');
  // written last: a half-made environment is made anew
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return { python };
  say(`dlt: installing dlt[postgres] ${DLT_VERSION} into ${folder} (half a minute, once)`);
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runChild('python3', ['-m', 'venv', folder]);
    await runChild(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `dlt[postgres]==${DLT_VERSION}`]);
    writeFileSync(complete, '');
    return { python };
  } catch (error) {
    return { missing: `it could not be installed: ${error instanceof Error ? error.message.slice(-300) : String(error)}` };
  }
}

/** dlt's own REST source and PostgreSQL destination with its defaults, measured inside the process: its import does not count. */
export function dltCase(request: {
  mode: Mode;
  rows: number;
  python: string;
  script: string;
  work: string;
  shop: { url: string; apiKey: string };
  /** The last `updated_at` of those records. */
  until: string;
  databaseUrl: string;
}): BenchCase {
  const { mode, rows, python, script, work, shop, until, databaseUrl } = request;
  const dataset = `bench_dlt_${mode}`;
  const folder = join(work, 'dlt');
  const job = {
    origin: shop.url,
    path: '/shop/events',
    api_key: shop.apiKey,
    params: { limit: 1_000, updated_until: until },
    mode,
    dataset,
    database_url: databaseUrl,
    folder,
  };
  return {
    name: `dlt-${mode}`,
    rows,
    table: `${dataset}.events`,
    async prepare() {
      rmSync(folder, { recursive: true, force: true });
    },
    async run() {
      const { stdout, peakMemoryMb } = await runChild(python, [script, JSON.stringify(job)]);
      return { rows, seconds: Number(lastJson(stdout)['seconds']), peakMemoryMb };
    },
  };
}
