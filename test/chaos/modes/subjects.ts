import type { Entity } from '../../../apps/demo-shop/entities.js';
import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import { NAMESPACE, type World } from '../world.js';

/** Rows of each stream's first load. */
export const ROWS = 110_000;
/** Records per second, all three streams together: a load of ROWS takes about twelve seconds without a kill. */
export const PACE = 27_000;
/** What happens in the shop between the two loads; the stream under append has only new rows, as a touched one would rightly come twice. */
export const TOUCHED = 70_000;
export const APPENDED = { events: 100_000, orders: 30_000, order_items: 5_000 } as const;

/** One write mode under test. Each has a stream of its own, so that what is changed for one does not disturb the others. */
export interface Subject {
  mode: WriteMode;
  entity: Entity;
  table: string;
  syncId: string;
  /** Records that the first and the second load read. */
  expected: readonly [first: number, second: number];
}

const STREAMS: readonly Pick<Subject, 'mode' | 'entity' | 'expected'>[] = [
  { mode: 'incremental_append', entity: 'events', expected: [ROWS, APPENDED.events] },
  { mode: 'incremental_upsert', entity: 'orders', expected: [ROWS, TOUCHED + APPENDED.orders] },
  { mode: 'full_refresh_overwrite', entity: 'order_items', expected: [ROWS, ROWS + APPENDED.order_items] },
];

/** New syncs into new tables. The append table has no unique constraint: nothing but the loader keeps doubles out. */
export function makeSubjects({ sluice }: World, round: number): Promise<Subject[]> {
  return Promise.all(
    STREAMS.map(async (stream) => {
      const table = `${stream.mode}_${round}`;
      const syncId = await sluice.createSync({
        name: table,
        stream: stream.entity,
        table,
        mode: stream.mode,
        namespace: NAMESPACE,
      });
      return { ...stream, table, syncId };
    }),
  );
}
