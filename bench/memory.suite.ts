import { join } from 'node:path';
import { finished } from './cases/sluice.case.js';
import { peakMemoryMb, resetPeak } from './memory.js';
import type { SuiteRequest } from './options.js';
import { summarise, type BenchResult, type Measurement } from './results.js';
import { withStack } from './with-stack.js';

/** The level that the end of the run is compared with. */
const LEVEL_ROWS = 200_000;

/** One long stream, append: the worker's peak when 200,000 rows were committed, and at the end. The shop renders its pages as they are asked for. */
export async function memorySuite({ options, root, say }: SuiteRequest<'memory'>): Promise<BenchResult[]> {
  const { rows, rounds } = options;
  const demoShop = { args: ['--events', String(rows), '--cache-mb', '50'] };
  const measured = new Map<string, Measurement[]>([
    ['memory/level', []],
    ['memory', []],
  ]);
  await withStack(
    { home: join(root, '.sluice/bench-memory'), demoShop, log: say },
    async ({ stack, rest, connect, ...bench }) => {
      const { shopUrl, shopApiKey } = stack;
      const source = await connect('bench shop', 'demo-shop', { base_url: shopUrl, api_key: shopApiKey, page_size: 1_000 });
      for (let round = 1; round <= rounds; round++) {
        const table = 'bench_memory';
        const sync = await rest.post<{ id: string }>('/v1/syncs', {
          ...{ name: 'bench memory', source_id: source, destination_id: bench.destination },
          streams: [{ name: 'events', mode: 'incremental_append', table }],
        });
        const { pid } = await stack.restart('worker-1');
        resetPeak(pid);
        const started = performance.now();
        const since = (): number => (performance.now() - started) / 1_000;
        const { id } = await rest.post<{ id: string }>(`/v1/syncs/${sync.id}/runs`);
        let level: Measurement | undefined;
        await finished(rest, id, rows, ({ counts }) => {
          if (counts.loaded >= Math.min(LEVEL_ROWS, rows))
            level ??= { rows: counts.loaded, seconds: since(), peakMemoryMb: peakMemoryMb(pid) };
        });
        const end = { rows, seconds: since(), peakMemoryMb: peakMemoryMb(pid) };
        await bench.warehouse.verify({ name: 'memory', table: `public.${table}`, rows });
        measured.get('memory/level')?.push(level ?? end);
        measured.get('memory')?.push(end);
        const [before, after] = [level?.peakMemoryMb ?? 0, end.peakMemoryMb ?? 0].map(Math.round) as [number, number];
        say(
          `round ${round}/${rounds}  peak ${before} MB at ${level?.rows ?? rows} rows, ${after} MB at ${rows}: ${after - before} MB more`,
        );
        await rest.request('DELETE', `/v1/syncs/${sync.id}`);
        await bench.warehouse.clear({ table: `public.${table}` });
      }
    },
  );
  return summarise({ suite: options.suite, measured, baselines: {} });
}
