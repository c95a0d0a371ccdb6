import { join } from 'node:path';
import { streamCase } from './cases/stream.case.js';
import type { SuiteRequest } from './options.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { withStack } from './with-stack.js';

/** Of a rendered record in the shop, with room: it must serve from memory. */
const BYTES_PER_RECORD = 450;

/** The events of `rest`, with digests of rows and without. */
export async function digestSuite({ options, root, say }: SuiteRequest<'digest'>): Promise<BenchResult[]> {
  const { rows } = options;
  const cacheMb = Math.ceil((rows * BYTES_PER_RECORD) / 1e6) + 100;
  const args = ['--events', String(rows), '--cache-mb', String(cacheMb)];
  return withStack({ home: join(root, '.sluice/bench-digest'), demoShop: { args }, log: say }, async (bench) => {
    const { shopUrl, shopApiKey } = bench.stack;
    const source = await bench.connect('bench shop', 'demo-shop', { base_url: shopUrl, api_key: shopApiKey, page_size: 1_000 });
    const cases = options.cases.flatMap((name) => {
      const mode = `incremental_${name}` as const;
      const common = { rows, source, stream: 'events', mode, bench };
      return [
        streamCase({ ...common, name: `${name}-digest`, metadata: ['digest'] }),
        streamCase({ ...common, name: `${name}-plain` }),
      ];
    });
    const measured = await playRounds({ cases, rounds: options.rounds, warehouse: bench.warehouse, say });
    const baselines = Object.fromEntries(options.cases.map((name) => [`${name}-digest`, [`${name}-plain`]]));
    return summarise({ suite: options.suite, measured, baselines });
  });
}
