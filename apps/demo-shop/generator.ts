import { DEFAULT_SIZES, tickOf, TIES, type Entity, type Sizes } from './entities.js';
import { OrderLog, type Segment } from './order-log.js';
import { makers, type Seed, type ShopRecord } from './records.js';

/** The data of a shop, complete: every record follows from it. `GET /shop/_admin/state` answers it as JSON. */
export interface ShopState {
  /** Sizes at start, before rows were appended. */
  readonly sizes: Sizes;
  /** Text put into one field of every record; empty: none. */
  readonly marker: string;
  readonly entities: Readonly<Record<Entity, readonly Segment[]>>;
}

export interface RowOptions {
  /** Default: DEFAULT_SIZES. */
  readonly sizes?: Sizes;
  /** Default: none. */
  readonly marker?: string;
  /** Default: 0, a row that was never touched. */
  readonly revision?: number;
  /** Of `updated_at`; default: that of the row as the shop starts. */
  readonly tick?: number;
}

/** A well-mixed 32-bit number from another (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const seedOf = (id: number, revision: number, tick: number, sizes: Sizes, marker: string): Seed => {
  const a = mix(id + 0x51ce);
  const b = mix(a);
  return { id, revision, tick, sizes, marker, a, b, c: mix(b + revision) };
};

/** The record with this id (from 1 on) as the API serves it: pure, the same in every process. */
export function row<E extends Entity>(entity: E, id: number, options: RowOptions = {}): ShopRecord<E> {
  const { sizes = DEFAULT_SIZES, marker = '', revision = 0, tick = Math.floor((id - 1) / TIES) } = options;
  return makers[entity](seedOf(id, revision, tick, sizes, marker)) as ShopRecord<E>;
}

export const initialState = (sizes: Sizes = DEFAULT_SIZES, marker = ''): ShopState => ({
  sizes,
  marker,
  entities: mapEntities((entity) => OrderLog.initial(sizes[entity]).segments),
});

/** Every record that a complete, quiet read of the entity gives, in the shop's order (`updated_at`, id). */
export function* expectedRows<E extends Entity>(entity: E, state: ShopState): Generator<ShopRecord<E>> {
  for (const { from, to, run } of state.entities[entity]) {
    for (let id = from; id <= to; id++) {
      yield row(entity, id, { sizes: state.sizes, marker: state.marker, revision: run.revision, tick: tickOf(run, id) });
    }
  }
}

/** The record with this id now, or undefined when there is none. For checks in any order. */
export function expectedRow<E extends Entity>(entity: E, id: number, state: ShopState): ShopRecord<E> | undefined {
  const run = state.entities[entity].find(({ from, to }) => id >= from && id <= to)?.run;
  return run && row(entity, id, { sizes: state.sizes, marker: state.marker, revision: run.revision, tick: tickOf(run, id) });
}

export const expectedCount = (entity: Entity, state: ShopState): number => new OrderLog(state.entities[entity]).total;

/** The state after `POST /shop/_admin/touch`: ids `from..to` with a new revision, updated last. */
export const touched = (state: ShopState, change: { entity: Entity; from: number; to: number; revision: number }): ShopState =>
  withLog(state, change.entity, new OrderLog(state.entities[change.entity]).touch(change.from, change.to, change.revision));

/** The state after `POST /shop/_admin/append`. */
export const appended = (state: ShopState, change: { entity: Entity; count: number }): ShopState =>
  withLog(state, change.entity, new OrderLog(state.entities[change.entity]).append(change.count));

const withLog = (state: ShopState, entity: Entity, log: OrderLog): ShopState => ({
  ...state,
  entities: { ...state.entities, [entity]: log.segments },
});

const mapEntities = <T>(make: (entity: Entity) => T): Record<Entity, T> => ({
  customers: make('customers'),
  orders: make('orders'),
  order_items: make('order_items'),
  products: make('products'),
  events: make('events'),
});
