import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mode } from '../options.js';
import { lastJson, runChild } from '../run-child.js';
import type { BenchCase } from './bench-case.js';
import type { Peer, PeerSetting } from './peer.js';
import { pythonEnvironment } from './python-environment.js';

const DLT_VERSION = '1.31.0';

const SCRIPT = fileURLToPath(new URL('../../../bench/peers/dlt_rest.py', import.meta.url));

export const dltPeer: Peer = {
  name: 'dlt',
  async find(setting) {
    const requirements = [`dlt[postgres]==${DLT_VERSION}`];
    const found = await pythonEnvironment({ name: 'dlt', version: DLT_VERSION, requirements, say: setting.say });
    if ('missing' in found) return found;
    const python = join(found.bin, 'python');
    return setting.modes.map((mode) => dltCase(setting, { mode, python }));
  },
};

/** dlt's own REST source and PostgreSQL destination with its defaults, measured inside the process: its import does not count. */
function dltCase({ work, shop, paged, databaseUrl }: PeerSetting, { mode, python }: { mode: Mode; python: string }): BenchCase {
  const { rows, until } = paged;
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
      const { stdout, peakMemoryMb } = await runChild(python, [SCRIPT, JSON.stringify(job)]);
      return { rows, seconds: Number(lastJson(stdout)['seconds']), peakMemoryMb };
    },
  };
}
