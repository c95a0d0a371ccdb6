import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from '../options.js';
import { lastJson, runChild } from '../run-child.js';
import type { BenchCase } from './bench-case.js';
import { pythonEnvironment } from './python-environment.js';

const DLT_VERSION = '1.31.0';

/** @returns a Python with dlt, or why there is none */
export async function pythonWithDlt(say: (line: string) => void): Promise<{ python: string } | { missing: string }> {
  const requirement = `dlt[postgres]==${DLT_VERSION}`;
  const found = await pythonEnvironment({ name: 'dlt', version: DLT_VERSION, requirement, say });
  return 'missing' in found ? found : { python: join(found.bin, 'python') };
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
