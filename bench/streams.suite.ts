import { join } from 'node:path';
import { RestClient } from '../apps/demo/rest-client.js';
import { startStack } from '../libs/stack/index.js';
import { finished, warehouseConfig } from './cases/sluice.case.js';
import { startBulkServer } from './connectors/bulk-server.js';
import { peakMemoryMb, resetPeak } from './memory.js';
import type { SuiteOptions } from './options.js';
import { summarise, type BenchResult, type Measurement } from './results.js';
import { Warehouse } from './warehouse.js';

const HOME = '.sluice/bench-streams';
/** Records of a stream: one page. */
const ROWS_EACH = 500;

/** Many small streams in one sync: what a stream costs, whatever is in it. There is no baseline; what counts is the time. */
export async function streamsSuite({
  options,
  root,
  say,
}: {
  options: SuiteOptions<'streams'>;
  root: string;
  say: (line: string) => void;
}): Promise<BenchResult[]> {
  const names = Array.from({ length: Math.max(1, Math.round(options.rows / ROWS_EACH)) }, (_, n) => `stream_${n + 1}`);
  const server = await startBulkServer({ rows: ROWS_EACH, pageSize: ROWS_EACH });
  const stack = await startStack({
    home: join(root, HOME),
    anew: true,
    allow: [new URL(server.url).host],
    env: { LOG_LEVEL: 'warn' },
    log: say,
  });
  const interrupted = () => void stack.destroy().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const warehouse = new Warehouse(stack.warehouseUrl);
  try {
    const rest = new RestClient(stack.apiUrl, stack.apiKey);
    await rest.post('/v1/connectors', { name: 'many', manifest: manifestOf(names, server.url) });
    const make = async (name: string, connector: string, config: unknown): Promise<string> =>
      (await rest.post<{ id: string }>('/v1/connections', { name, connector, config })).id;
    const source = await make('many', 'many', {});
    const destination = await make('warehouse', 'postgres', warehouseConfig(stack));
    const measured: Measurement[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const namespace = `streams_${round}`;
      const sync = await rest.post<{ id: string }>('/v1/syncs', {
        ...{ name: namespace, source_id: source, destination_id: destination, namespace },
        streams: names.map((name) => ({ name, mode: 'full_refresh_overwrite' })),
      });
      const { pid } = stack.service('worker-1');
      resetPeak(pid);
      const started = performance.now();
      const { id } = await rest.post<{ id: string }>(`/v1/syncs/${sync.id}/runs`);
      await finished(rest, id, names.length * ROWS_EACH);
      const seconds = (performance.now() - started) / 1000;
      for (const name of names) await warehouse.verify({ name, table: `${namespace}.${name}`, rows: ROWS_EACH });
      measured.push({ rows: names.length * ROWS_EACH, seconds, peakMemoryMb: peakMemoryMb(pid) });
      say(`round ${round}/${options.rounds}  ${names.length} streams of ${ROWS_EACH} rows in ${seconds.toFixed(1)} s`);
    }
    return summarise({ suite: 'streams', measured: new Map([['streams', measured]]), baselines: {} });
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    server.close();
    await warehouse.close();
    await stack.destroy();
  }
}

function manifestOf(names: readonly string[], url: string) {
  const string = { type: ['string', 'null'] };
  const stream = (name: string) => ({
    type: 'DeclarativeStream',
    name,
    primary_key: ['id'],
    retriever: {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url_base: url, path: '/bulk', request_parameters: { per_page: String(ROWS_EACH) } },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
    },
    schema_loader: {
      type: 'InlineSchemaLoader',
      schema: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          name: string,
          email: string,
          active: { type: 'boolean' },
          amount: { type: 'number' },
          updated_at: { type: 'string', format: 'date-time' },
          address: { type: 'object' },
          tags: { type: 'array' },
          note: string,
          parent_id: { type: ['integer', 'null'] },
        },
      },
    },
  });
  return {
    version: '6.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: [names[0]] },
    streams: names.map(stream),
    spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
  };
}
