import { join } from 'node:path';
import { streamCase } from './cases/stream.case.js';
import type { SuiteRequest } from './options.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { withStack } from './with-stack.js';

const LATENCY_MS = 50;
/** Of a rendered record in the shop, with room: it must serve from memory. */
const BYTES_PER_RECORD = 450;

/**
 * A source that answers 50 ms late, read twice: by offsets, so that up to 8 pages are asked for at once, and by a cursor, of which each page has the
 * next one's. Rows, page size and write mode are the same.
 */
export async function latencySuite({ options, root, say }: SuiteRequest<'latency'>): Promise<BenchResult[]> {
  const { rows } = options;
  const cacheMb = Math.ceil((rows * BYTES_PER_RECORD) / 1e6) + 100;
  const args = ['--order-items', String(rows), '--latency', String(LATENCY_MS), '--cache-mb', String(cacheMb)];
  return withStack({ home: join(root, '.sluice/bench-latency'), demoShop: { args }, log: say }, async (bench) => {
    const { shopUrl, shopApiKey } = bench.stack;
    const source = await bench.connect('bench shop', 'demo-shop', { base_url: shopUrl, api_key: shopApiKey, page_size: 1_000 });
    const common = { rows, source, mode: 'full_refresh_overwrite', bench } as const;
    const cases = [
      streamCase({ ...common, name: 'latency', stream: 'order_items_by_offset' }),
      streamCase({ ...common, name: 'one-by-one', stream: 'order_items' }),
    ];
    const measured = await playRounds({ cases, rounds: options.rounds, warehouse: bench.warehouse, say });
    return summarise({ suite: options.suite, measured, baselines: { latency: ['one-by-one'] } });
  });
}
