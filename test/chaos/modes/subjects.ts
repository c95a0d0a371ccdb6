import type { Entity } from '../../../apps/demo-shop/entities.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Destination } from '../options.js';
import { NAMESPACE, type World } from '../world.js';

/** Rows of each stream's first load. */
export const ROWS = 50_000;
/** Records per second, all syncs together: a load of all takes about thirteen seconds without a kill. */
export const PACE = 27_000;
/** What happens in the shop between the two loads; the stream under append has only new rows, as a touched one would rightly come twice. */
export const TOUCHED = 25_000;
export const APPENDED = { events: 45_000, orders: 12_000, order_items: 4_000 } as const;
/** Of the stream that is read in full. */
export const REMOVED = 6_000;

/** What the table should hold: see judge. */
export type Expectation = 'records' | 'history' | 'copies';

/** One write mode under test, with the way it follows deletes. */
interface Plan {
  /** What the results call it. */
  name: string;
  mode: WriteMode;
  entity: Entity;
  deletes?: Partial<NonNullable<SyncStream['deletes']>>;
  expects: Expectation;
  /** Records that have a row; default: all. */
  keeps?: (record: Readonly<Record<string, unknown>>) => boolean;
  /** Rows become visible together, when the run has finished. */
  atOnce?: boolean;
  /** Records that the first and the second load read. */
  expected: readonly [first: number, second: number];
}

export interface Subject extends Plan {
  table: string;
  syncId: string;
}

const CHANGES = TOUCHED + APPENDED.orders;
const WHOLE = ROWS + APPENDED.order_items - REMOVED;
/** A sixth of the orders: the demo's tombstones. */
const TOMBSTONE = { field: 'status', equals: 'refunded' };

export const PLANS: readonly Plan[] = [
  {
    name: 'incremental_append',
    mode: 'incremental_append',
    entity: 'events',
    expects: 'records',
    expected: [ROWS, APPENDED.events],
  },
  { name: 'incremental_upsert', mode: 'incremental_upsert', entity: 'orders', expects: 'records', expected: [ROWS, CHANGES] },
  {
    ...{ name: 'incremental_upsert, tombstones', mode: 'incremental_upsert', entity: 'orders', expects: 'records' },
    deletes: { when: TOMBSTONE, as: 'hard' },
    keeps: (record) => record[TOMBSTONE.field] !== TOMBSTONE.equals,
    expected: [ROWS, CHANGES],
  },
  {
    ...{ name: 'incremental_upsert, missing keys', mode: 'incremental_upsert', entity: 'order_items', expects: 'records' },
    deletes: { missing: 'hard' },
    expected: [ROWS, WHOLE],
  },
  { name: 'scd2', mode: 'scd2', entity: 'orders', expects: 'history', expected: [ROWS, CHANGES] },
  {
    ...{
      name: 'full_refresh_overwrite',
      mode: 'full_refresh_overwrite',
      entity: 'order_items',
      expects: 'records',
      atOnce: true,
    },
    expected: [ROWS, WHOLE],
  },
  {
    ...{ name: 'full_refresh_append', mode: 'full_refresh_append', entity: 'order_items', expects: 'copies', atOnce: true },
    expected: [ROWS, WHOLE],
  },
];

/** New syncs into new tables. The append table has no unique constraint: nothing but the loader keeps doubles out. */
export function makeSubjects({ sluice }: World, round: number, destination: Destination): Promise<Subject[]> {
  return Promise.all(
    PLANS.map(async (plan) => {
      const table = `${plan.name.replace(/\W+/g, '_')}_${round}`;
      const { entity: stream, mode, deletes } = plan;
      // PostgreSQL knows of each row which transaction brought it; DuckDB's rows say which run.
      const named = destination === 'duckdb' && plan.expects === 'copies';
      const syncId = await sluice.createSync({
        ...{ name: table, stream, table, mode, namespace: NAMESPACE },
        ...(deletes === undefined ? {} : { deletes }),
        ...(named ? { metadata: ['run'] as const } : {}),
      });
      return { ...plan, table, syncId };
    }),
  );
}
