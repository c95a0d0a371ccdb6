import { join } from 'node:path';
import { RestClient } from '../apps/demo/rest-client.js';
import { startStack } from '../libs/stack/index.js';
import type { BenchCase } from './cases/bench-case.js';
import { warehouseConfig } from './cases/sluice.case.js';
import type { PgCase, SuiteOptions } from './options.js';
import { peerCase, pipeCase, psqlVersion, sluicePgCase, type PgBench } from './pg/cases.js';
import { createSource } from './pg/source-table.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { Warehouse } from './warehouse.js';

const HOME = '.sluice/bench-pg';

const MODES = {
  full: 'full_refresh_overwrite',
  upsert: 'incremental_upsert',
  // There is no pass-through: every value is looked at, for the boundary and the stream's contract.
  mapped: 'incremental_append',
} as const satisfies Record<PgCase, string>;
const BASELINES: Readonly<Record<PgCase, string>> = { full: 'psql-pipe', upsert: 'bare-merge', mapped: 'bare-cursor' };

/** PostgreSQL → PostgreSQL, two databases of one server: Sluice and what it is measured against, one after the other, as many rounds as asked. */
export async function pgSuite({
  options,
  root,
  say,
}: {
  options: SuiteOptions<'pg'>;
  root: string;
  say: (line: string) => void;
}): Promise<BenchResult[]> {
  const stack = await startStack({ home: join(root, HOME), anew: true, env: { LOG_LEVEL: 'warn' }, log: say });
  const interrupted = () => void stack.destroy().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const warehouse = new Warehouse(stack.warehouseUrl);
  try {
    const sourceUrl = await createSource(stack.warehouseUrl, options.rows);
    const rest = new RestClient(stack.apiUrl, stack.apiKey);
    const make = async (name: string, connector: string, config: unknown): Promise<string> =>
      (await rest.post<{ id: string }>('/v1/connections', { name, connector, config })).id;
    const config = warehouseConfig(stack);
    const ends = {
      source: await make('bench source', 'postgres-source', { ...config, database: 'bench_source' }),
      destination: await make('bench warehouse', 'postgres', config),
    };
    const bench: PgBench = { rows: options.rows, sourceUrl, warehouseUrl: stack.warehouseUrl };
    const psql = psqlVersion();
    if (psql === null) say('psql-pipe: skipped, there is no psql (Debian: postgresql-client)');
    else say(`psql-pipe: ${psql}`);
    const baseline = (name: PgCase): BenchCase[] => {
      if (name === 'full') return psql === null ? [] : [pipeCase(bench)];
      return [peerCase(name === 'upsert' ? 'merge' : 'cursor', bench)];
    };
    const cases = options.cases.flatMap((name) => [
      sluicePgCase({ ...bench, name, mode: MODES[name], rest, stack, ends }),
      ...(options.peers ? baseline(name) : []),
    ]);
    const measured = await playRounds({ cases, rounds: options.rounds, warehouse, say });
    const baselines = Object.fromEntries(options.cases.map((name) => [name, [BASELINES[name]]]));
    return summarise({ suite: 'pg', measured, baselines });
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    await warehouse.close();
    await stack.destroy();
  }
}
