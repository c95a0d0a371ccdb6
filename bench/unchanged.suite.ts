import { join } from 'node:path';
import { FIRST_UPDATE_MS } from '../apps/demo-shop/entities.js';
import { row } from '../apps/demo-shop/generator.js';
import { streamCase } from './cases/stream.case.js';
import type { SuiteRequest } from './options.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { pageServerManifest, startPageServer } from './source/page-server.js';
import type { Warehouse } from './warehouse.js';
import { withStack } from './with-stack.js';

const PAGE_ROWS = 1_000;
/** Of the cursor, between two rows. */
const STEP_MS = 1_000;

/** The shop's events; what is served second has other content and a newer cursor. */
const record = (id: number, revision: number) => ({
  ...row('events', id, { revision }),
  updated_at: `${new Date(FIRST_UPDATE_MS + (id + revision) * STEP_MS).toISOString().slice(0, 19)}Z`,
});
const nullable = (type: string, more: object = {}) => ({ type: [type, 'null'], ...more });
const SCHEMA = {
  type: 'object',
  properties: {
    id: nullable('integer'),
    reference: nullable('string'),
    type: nullable('string'),
    email: nullable('string'),
    amount: nullable('number'),
    revision: nullable('integer'),
    active: nullable('boolean'),
    verified: nullable('boolean'),
    created_at: nullable('string', { format: 'date-time' }),
    updated_at: nullable('string', { format: 'date-time' }),
    address: nullable('object'),
    tags: nullable('array'),
  },
};

/** A second sync of all rows, none of which changed, beside one in which all of them did. Both begin with a table that the first one has filled. */
export async function unchangedSuite({ options, root, say }: SuiteRequest<'unchanged'>): Promise<BenchResult[]> {
  const server = await startPageServer({ rows: options.rows, pageRows: PAGE_ROWS, revisions: 2, record });
  try {
    return await withStack({ home: join(root, '.sluice/bench-unchanged'), allow: [server.host], log: say }, async (bench) => {
      const manifest = pageServerManifest({ url: server.url, pageRows: PAGE_ROWS, schema: SCHEMA });
      await bench.rest.post('/v1/connectors', { name: 'rows', manifest });
      const source = await bench.connect('rows', 'rows', {});
      const second = (revision: number, written: number) =>
        secondRun(bench.warehouse, () => (server.revision = revision), written);
      const { rows } = options;
      const common = { rows, source, stream: 'rows', mode: 'incremental_upsert', bench } as const;
      const all = [
        streamCase({ ...common, name: 'unchanged', again: second(0, 0) }),
        streamCase({ ...common, name: 'changed', again: second(1, rows) }),
      ];
      const cases = all.map((each) => ({
        ...each,
        async prepare() {
          server.revision = 0;
          await each.prepare?.();
        },
      }));
      const measured = await playRounds({ cases, rounds: options.rounds, warehouse: bench.warehouse, say });
      return summarise({ suite: options.suite, measured, baselines: { unchanged: ['changed'] } });
    });
  } finally {
    server.close();
  }
}

/** What comes before the second run, and a check that it wrote the number of row versions that it should. */
function secondRun(warehouse: Warehouse, serve: () => void, written: number) {
  let since = '';
  return {
    async before() {
      serve();
      since = await warehouse.settle();
    },
    async after(table: string) {
      const found = await warehouse.versionsSince(table, since);
      if (found !== written) throw new Error(`${table}: the second run wrote ${found} row versions instead of ${written}`);
    },
  };
}
