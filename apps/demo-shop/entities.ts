/** The shop's entities, in the order in which they are listed, rendered and described. */
export const ENTITIES = ['customers', 'orders', 'order_items', 'products', 'events'] as const;
export type Entity = (typeof ENTITIES)[number];

export const isEntity = (name: string): name is Entity => (ENTITIES as readonly string[]).includes(name);

/** Rows per entity at start. Foreign keys are drawn from these numbers, so a row depends on them. */
export type Sizes = Readonly<Record<Entity, number>>;

export const DEFAULT_SIZES: Sizes = { customers: 1_000, orders: 5_000, order_items: 15_000, products: 200, events: 20_000 };

/** `updated_at` counts ticks from here: far enough back that millions of rows still lie in the past. */
export const FIRST_UPDATE_MS = Date.UTC(2020, 0, 1);

/** A minute: 200,000 rows span five weeks, so that syncs cut into windows of days or weeks have several. */
export const TICK_MS = 60_000;

/** Rows that share one `updated_at`: a cursor without a tie-break would lose or repeat some of them. */
export const TIES = 4;

/** Above this many rows of one entity `updated_at` would come close to the present. */
export const MAX_ROWS = 12_000_000;

/** Rows written together: ids `first..last`, one revision, `updated_at` rising by a tick every `TIES` ids from `tick` on. */
export interface Run {
  readonly first: number;
  readonly last: number;
  readonly revision: number;
  readonly tick: number;
}

export const tickOf = (run: Run, id: number): number => run.tick + Math.floor((id - run.first) / TIES);

/** A tick as it stands in `updated_at`: `2020-01-01T00:00:00Z`, whole seconds. */
export const timestamp = (tick: number): string => `${new Date(FIRST_UPDATE_MS + tick * TICK_MS).toISOString().slice(0, 19)}Z`;
