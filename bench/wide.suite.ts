import { join } from 'node:path';
import { bareCase } from './cases/bare.case.js';
import { streamCase } from './cases/stream.case.js';
import type { SuiteOptions, SuiteRequest } from './options.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { pageServerManifest, ROWS_PATH, startPageServer, type PageServer } from './source/page-server.js';
import { WIDE_COLUMNS, WIDE_SCHEMA, wideRow } from './wide/rows.js';
import { withStack, type Bench } from './with-stack.js';

/** About 1 MB. */
const PAGE_ROWS = 250;
const MODES = { append: 'incremental_append', upsert: 'incremental_upsert' } as const;

/** Wide rows, REST → PostgreSQL: Sluice and the bare loader, with the same columns from the same server. */
export async function wideSuite({ options, root, say }: SuiteRequest<'wide'>): Promise<BenchResult[]> {
  const server = await startPageServer({ rows: options.rows, pageRows: PAGE_ROWS, record: wideRow });
  try {
    return await withStack({ home: join(root, '.sluice/bench-wide'), allow: [server.host], log: say }, async (bench) => {
      const manifest = pageServerManifest({ url: server.url, pageRows: PAGE_ROWS, schema: WIDE_SCHEMA });
      await bench.rest.post('/v1/connectors', { name: 'wide', manifest });
      const source = await bench.connect('wide rows', 'wide', {});
      const cases = casesOf({ options, bench, source, server });
      const measured = await playRounds({ cases, rounds: options.rounds, warehouse: bench.warehouse, say });
      const baselines = Object.fromEntries(options.cases.map((name) => [name, [`bare-${name}`]]));
      return summarise({ suite: options.suite, measured, baselines });
    });
  } finally {
    server.close();
  }
}

function casesOf(request: { options: SuiteOptions<'wide'>; bench: Bench; source: string; server: PageServer }) {
  const { options, bench, source, server } = request;
  return options.cases.flatMap((name) => [
    streamCase({ name, rows: options.rows, source, stream: 'rows', mode: MODES[name], bench }),
    bareCase(`bare-${name}`, {
      databaseUrl: bench.stack.warehouseUrl,
      source: { origin: server.url, path: ROWS_PATH, pagination: 'offset', pageRows: PAGE_ROWS, totalRows: options.rows },
      table: 'public.wide_bare',
      columns: WIDE_COLUMNS.map(([column, type]) => [column, type]),
      mode: name,
      key: name === 'upsert' ? 'id' : null,
      cursor: 'updated_at',
    }),
  ]);
}
