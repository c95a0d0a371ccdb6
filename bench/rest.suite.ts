import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RestClient } from '../apps/demo/rest-client.js';
import { startStack, type Stack } from '../libs/stack/index.js';
import { bareCase } from './cases/bare.case.js';
import type { BenchCase } from './cases/bench-case.js';
import { EVENT_COLUMNS } from './cases/columns.js';
import { openPeers, PEER_NAMES } from './cases/peers.js';
import { startReference, type Reference } from './cases/reference.js';
import { connect, sluiceCase } from './cases/sluice.case.js';
import type { Mode, SuiteOptions } from './options.js';
import { playRounds } from './play-rounds.js';
import { summarise, type BenchResult } from './results.js';
import { Warehouse } from './warehouse.js';

/** A stack of its own, removed at the end. */
const HOME = '.sluice/bench';
/** Of a rendered record in the shop, with room: it must serve from memory, or it would be what is measured. */
const BYTES_PER_RECORD = 450;

interface Setting {
  options: SuiteOptions<'rest'>;
  root: string;
  say: (line: string) => void;
}

/** REST → PostgreSQL: Sluice, the bare loader, a reference for that, and other tools, one after the other, as many rounds as asked. */
export async function restSuite(setting: Setting): Promise<BenchResult[]> {
  const { options, root, say } = setting;
  const cacheMb = Math.ceil((options.rows * BYTES_PER_RECORD) / 1e6) + 100;
  const stack = await startStack({
    home: join(root, HOME),
    anew: true,
    demoShop: { args: ['--events', String(options.rows), '--cache-mb', String(cacheMb)] },
    env: { LOG_LEVEL: 'warn' },
    log: say,
  });
  const interrupted = () => void stack.destroy().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const warehouse = new Warehouse(stack.warehouseUrl);
  let reference: Reference | undefined;
  let peers: Awaited<ReturnType<typeof openPeers>> | undefined;
  try {
    const work = join(root, HOME, 'work');
    mkdirSync(work, { recursive: true });
    reference = await startReference({ root, work, rows: options.rows, modes: options.cases, databaseUrl: stack.warehouseUrl });
    if (reference === undefined) say('shared-ref: skipped, there is no reference loader beside this checkout (SLUICE_SHARED)');
    const own = await ownCases(stack, options);
    if (options.peers)
      peers = await openPeers({ rows: options.rows, peerRows: options.peerRows, modes: options.cases, work, stack, say });
    else say(`${PEER_NAMES.join(', ')}: skipped, as asked`);
    const measured = await playRounds({
      cases: [...own, ...(reference?.cases ?? []), ...(peers?.cases ?? [])],
      rounds: options.rounds,
      warehouse,
      say,
    });
    return summarise({ suite: options.suite, measured, baselines: baselines(options.cases) });
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    reference?.stop();
    peers?.close();
    await warehouse.close();
    await stack.destroy();
  }
}

const baselines = (modes: readonly Mode[]): Record<string, string[]> =>
  Object.fromEntries(
    modes.flatMap((mode) => [
      [mode, ['bare', ...PEER_NAMES].map((name) => `${name}-${mode}`)],
      [`bare-${mode}/items`, [`shared-ref-${mode}`]],
    ]),
  );

async function ownCases(stack: Stack, { cases, rows }: SuiteOptions<'rest'>): Promise<BenchCase[]> {
  const rest = new RestClient(stack.apiUrl, stack.apiKey);
  const ends = await connect(rest, stack);
  return cases.flatMap((mode) => [
    sluiceCase({ mode, rows, rest, stack, ends }),
    bareCase(`bare-${mode}`, {
      databaseUrl: stack.warehouseUrl,
      source: {
        origin: stack.shopUrl,
        path: '/shop/events',
        headers: { 'x-api-key': stack.shopApiKey },
        // the fastest way to read the shop: pages do not wait for one another, as they do with Sluice's cursor
        pagination: 'offset',
        totalRows: rows,
      },
      table: 'public.events_bare',
      columns: EVENT_COLUMNS.map(([name, type]) => [name, type]),
      mode,
      key: mode === 'upsert' ? 'id' : null,
      cursor: 'updated_at',
    }),
  ]);
}
