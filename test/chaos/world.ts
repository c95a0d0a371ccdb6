import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compareTable, type Comparison } from '../../apps/demo/compare-table.js';
import { RestClient } from '../../apps/demo/rest-client.js';
import { recordsById, ShopClient } from '../../apps/demo/shop-client.js';
import { ENTITIES, type Entity } from '../../apps/demo-shop/entities.js';
import type { ShopState } from '../../apps/demo-shop/generator.js';
import { startStack, type Stack } from '../../libs/stack/index.js';
import { ControlPlane } from './control-plane.js';
import { DuckdbMirror } from './duckdb-mirror.js';
import type { Destination } from './options.js';
import { DUCKDB_FILE, SluiceDoor } from './sluice-door.js';
import { Warehouse } from './warehouse.js';

/** Where every chaos run lives; one at a time. */
const HOME = '.sluice/chaos';
/** Where DuckDB files of a chaos run lie. */
const DUCKDB_FOLDER = '.sluice/chaos-duckdb';
/** Logs of the last chaos run, for whoever has to find out what went wrong. */
export const KEPT_LOGS = '.sluice/chaos-logs';
/** Destination schema of all chaos tables. */
export const NAMESPACE = 'chaos';
/** Entities that no suite syncs stay tiny. */
const TINY = 10;

/** A whole Sluice at production settings, with its shop and its warehouse, and the doors to steer and to look. */
export interface World {
  stack: Stack;
  sluice: SluiceDoor;
  shop: ShopClient;
  warehouse: Warehouse;
  controlPlane: ControlPlane;
  /** What is loaded where the destination is DuckDB. */
  duckdbFile: string;
  /** The table value by value against the shop's generator. */
  compare(this: void, entity: Entity, table: string, options?: CompareOptions): Promise<Comparison>;
  /** Chunks that the run has committed. */
  chunks(this: void, runId: string): Promise<number>;
  /** Brings tables that no run loads any more to where `warehouse` and `compare` look. Nothing to do for PostgreSQL. */
  show(this: void, tables: readonly string[]): Promise<void>;
  /** Records per second that the shop hands out from now on, all streams together; 0: as fast as it can. */
  pace(recordsPerSecond: number): Promise<void>;
}

export interface CompareOptions {
  /** The shop as it was; default: as it is. */
  state?: ShopState;
  /** Records that have a row; default: all. */
  keeps?: (record: Readonly<Record<string, unknown>>) => boolean;
}

/** Starts a world with so many rows of these entities, and removes it again whatever happens. `allow`: other APIs, as `host:port`. */
export async function withWorld<T>(
  {
    sizes,
    allow = [],
    destination = 'postgres',
  }: { sizes: Partial<Record<Entity, number>>; allow?: readonly string[]; destination?: Destination },
  work: (world: World) => Promise<T>,
): Promise<T> {
  const args = ENTITIES.flatMap((entity) => [`--${entity.replace('_', '-')}`, String(sizes[entity] ?? TINY)]);
  const folder = resolve(DUCKDB_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const env = { SLUICE_DUCKDB_DIR: folder };
  // A chaos run that was killed leaves its home, with runs that would go on beside ours.
  const stack = await startStack({
    home: HOME,
    anew: true,
    demoShop: { args },
    allow,
    env,
    log: (line) => console.log(`  ${line}`),
  });
  const interrupted = (signal: NodeJS.Signals) => {
    console.error(`interrupted by ${signal}: everything is being stopped`);
    void stack.destroy().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const shop = new ShopClient(stack.shopUrl, stack.shopAdminToken);
  const warehouse = new Warehouse(stack.warehouseUrl, NAMESPACE);
  const duckdbFile = join(folder, DUCKDB_FILE);
  const mirror = new DuckdbMirror(duckdbFile, stack.warehouseUrl, NAMESPACE);
  const controlPlane = new ControlPlane(stack.databaseUrl);
  const sluice = new SluiceDoor(new RestClient(stack.apiUrl, stack.apiKey));
  try {
    await sluice.connect(stack, destination);
    return await work({
      stack,
      shop,
      warehouse,
      controlPlane,
      duckdbFile,
      sluice,
      compare: async (entity, table, { state, keeps = () => true } = {}) =>
        compareTable({
          databaseUrl: stack.warehouseUrl,
          schema: NAMESPACE,
          table,
          expected: filtered(recordsById(entity, state ?? (await shop.state())), keeps),
        }),
      chunks: (runId) => (destination === 'duckdb' ? controlPlane : warehouse).chunks(runId),
      show: async (tables) => {
        if (destination === 'duckdb') await mirror.show(tables);
      },
      pace: async (recordsPerSecond) => {
        await shop.call('PUT', '/shop/_admin/settings', { pace: recordsPerSecond });
      },
    });
  } finally {
    process.removeListener('SIGINT', interrupted).removeListener('SIGTERM', interrupted);
    await Promise.all([warehouse.close(), controlPlane.close()]);
    await stack.stop();
    rmSync(KEPT_LOGS, { recursive: true, force: true });
    cpSync(join(HOME, 'logs'), KEPT_LOGS, { recursive: true });
    await stack.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

function* filtered<T>(all: Iterable<T>, keeps: (one: T) => boolean): Generator<T> {
  for (const one of all) if (keeps(one)) yield one;
}
