import { FIRST_UPDATE_MS, TICK_MS, TIES, timestamp, type Entity, type Sizes } from './entities.js';
import { CITIES, EVENT_TYPES, FIRST_NAMES, LAST_NAMES, NOTES, ORDER_STATUSES, PRODUCT_NAMES, STREETS, TAGS } from './words.js';

/** What a record is made from. `a` and `b` depend on the id alone; `c` on id and revision, so a touched row changes visibly. */
export interface Seed {
  readonly id: number;
  readonly revision: number;
  readonly tick: number;
  readonly sizes: Sizes;
  readonly marker: string;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const cents = (n: number): number => n / 100;
const hex = (n: number): string => n.toString(16).padStart(8, '0');
const marked = (text: string | null, marker: string): string | null => (marker === '' ? text : `${text ?? ''} ${marker}`);
const reference = (n: number, max: number): number => (n % Math.max(1, max)) + 1;

/** Independent of later changes, and before any `updated_at` of the row; with milliseconds, unlike `updated_at`. */
const createdAt = ({ id, a }: Seed): string =>
  new Date(FIRST_UPDATE_MS + Math.floor((id - 1) / TIES) * TICK_MS - (a % 86_400_000)).toISOString();

const address = ({ a, b }: Seed) => ({
  street: `${(a % 240) + 1} ${pick(STREETS, b)}`,
  city: pick(CITIES, a >>> 3),
  postcode: String(a % 100_000).padStart(5, '0'),
  geo: { lat: cents((a % 18_000) - 9_000), lon: cents((b % 36_000) - 18_000) },
});

/** Which customer an order belongs to: arithmetic, so that a customer's orders are found without an index. */
export const customerOfOrder = (orderId: number, sizes: Sizes): number => reference(orderId - 1, sizes.customers);

export const makers = {
  customers: (s: Seed) => ({
    id: s.id,
    name: `${pick(FIRST_NAMES, s.a)} ${pick(LAST_NAMES, s.b)}`,
    email: s.b % 9 === 0 ? null : `customer.${s.id}@example.com`,
    credit_limit: cents(s.c % 2_000_000),
    loyalty_points: s.c % 5_000,
    active: (s.c & 3) !== 0,
    newsletter: s.a % 5 === 0 ? null : (s.b & 1) === 0,
    address: address(s),
    tags: [pick(TAGS, s.a), pick(TAGS, s.c >>> 4)],
    note: marked(pick(NOTES, s.b), s.marker),
    revision: s.revision,
    created_at: createdAt(s),
    updated_at: timestamp(s.tick),
  }),
  orders: (s: Seed) => ({
    id: s.id,
    number: `SO-${hex(s.a)}`,
    customer_id: customerOfOrder(s.id, s.sizes),
    status: pick(ORDER_STATUSES, s.c),
    total: cents(s.c % 1_000_000),
    discount: s.b % 4 === 0 ? null : cents(s.b % 5_000),
    items: (s.a % 5) + 1,
    paid: (s.c & 1) === 0,
    shipping: address(s),
    tags: s.a % 6 === 0 ? [] : [pick(TAGS, s.a >>> 2)],
    note: marked(pick(NOTES, s.a), s.marker),
    revision: s.revision,
    created_at: createdAt(s),
    updated_at: timestamp(s.tick),
  }),
  order_items: (s: Seed) => ({
    id: s.id,
    order_id: Math.min(
      Math.floor(((s.id - 1) * s.sizes.orders) / Math.max(1, s.sizes.order_items)) + 1,
      Math.max(1, s.sizes.orders),
    ),
    product_id: reference(s.a, s.sizes.products),
    quantity: (s.c % 12) + 1,
    unit_price: cents(s.b % 50_000),
    gift: s.a % 7 === 0 ? null : s.a % 11 === 0,
    description: marked(pick(PRODUCT_NAMES, s.a), s.marker),
    revision: s.revision,
    created_at: createdAt(s),
    updated_at: timestamp(s.tick),
  }),
  products: (s: Seed) => ({
    id: s.id,
    sku: `P-${hex(s.b)}`,
    name: pick(PRODUCT_NAMES, s.a),
    description: marked(pick(NOTES, s.a >>> 5), s.marker),
    price: cents(s.c % 100_000),
    weight_kg: s.b % 3 === 0 ? null : (s.b % 40_000) / 1000,
    in_stock: (s.c & 1) === 0,
    attributes: { colour: pick(['red', 'grün', '青'], s.a), size: { width: s.a % 200, height: s.b % 200 } },
    tags: [pick(TAGS, s.b), pick(TAGS, s.a)],
    revision: s.revision,
    created_at: createdAt(s),
    updated_at: timestamp(s.tick),
  }),
  /** Twelve columns and about 375 bytes of JSON: the row of the benchmarks. */
  events: (s: Seed) => ({
    id: s.id,
    reference: `${hex(s.a)}-${hex(s.b)}`,
    type: marked(s.a % 16 === 0 ? `${pick(EVENT_TYPES, s.b)} ${pick(NOTES, s.a >>> 4)}` : pick(EVENT_TYPES, s.b), s.marker),
    email: s.b % 10 === 0 ? null : `customer.${reference(s.a, s.sizes.customers)}@example.com`,
    amount: cents(s.c % 1_000_000),
    revision: s.revision,
    active: (s.c & 1) === 0,
    verified: s.b % 5 === 0 ? null : (s.a & 1) === 0,
    created_at: createdAt(s),
    updated_at: timestamp(s.tick),
    address: address(s),
    tags: [pick(TAGS, s.a), pick(TAGS, s.c)],
  }),
} satisfies Record<Entity, (seed: Seed) => object>;

/** A record of an entity as the API serves it. */
export type ShopRecord<E extends Entity = Entity> = ReturnType<(typeof makers)[E]>;
