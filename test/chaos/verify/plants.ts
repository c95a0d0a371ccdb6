import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Destination } from '../options.js';
import type { Random } from '../random.js';

/** What is done to one row of the table of orders, behind Sluice's back. */
export interface Damage {
  name: string;
  /** Only where the table lets it happen; default: in every mode. */
  modes?: readonly WriteMode[];
  /** `$1` is the row's id, `$2` a number that the seed gives. */
  sql: (table: string, destination: Destination) => string;
  /** What a verification has to call it. */
  kind: (mode: WriteMode) => string;
  /** What a repair of an upsert has to make of it. */
  outcome: 'repaired' | 'left';
}

/** `duckdb`: where it says it in other words; numbers with a fraction are texts there. */
const update =
  (postgres: string, duckdb = postgres) =>
  (table: string, destination: Destination) =>
    `UPDATE ${table} SET ${destination === 'duckdb' ? duckdb : postgres} WHERE id = $1 AND $2::int > 0`;
const added = (column: string, more: string): string =>
  `${column} = (coalesce(${column}, '0')::DECIMAL(30, 6) + ${more})::VARCHAR`;
const differs = { kind: () => 'differing', outcome: 'repaired' } as const;
/** Rows without a key of their own can be there twice. */
const UNKEYED: readonly WriteMode[] = ['full_refresh_overwrite', 'incremental_append'];
/** What leaves no row that could say so: one that is gone has no digest, and one that is there twice has the right one. The ledger counts rows. */
export const rowsAdded = ({ damage: { name } }: Plant): number | null =>
  name === 'row deleted' ? -1 : name === 'row doubled' ? 1 : name === 'row tripled' ? 2 : null;
/** Where rows that no order has go: above the ids of all orders. */
export const EXTRA_FROM = 1_000_000;

const copied = (id: string) => (table: string, destination: Destination) =>
  destination === 'duckdb'
    ? `INSERT INTO ${table} SELECT * REPLACE (${id} AS id) FROM ${table} WHERE id = $1 AND $2::int > 0`
    : `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', ${id}))).* FROM ${table} t WHERE id = $1 AND $2::int > 0`;

export const DAMAGES: readonly [Damage, ...Damage[]] = [
  { name: 'value changed', sql: update('total = coalesce(total, 0) + $2::int', added('total', '$2::int')), ...differs },
  { name: 'smallest change', sql: update('total = coalesce(total, 0) + 0.01', added('total', '0.01')), ...differs },
  { name: 'flag turned', sql: update('paid = NOT paid'), ...differs },
  { name: 'column nulled', sql: update('customer_id = NULL'), ...differs },
  { name: 'null filled', sql: update('discount = coalesce(discount, 0) + $2::int', added('discount', '$2::int')), ...differs },
  { name: 'text truncated', sql: update('number = left(number, length(number) - 1)'), ...differs },
  { name: 'space added', sql: update(`note = coalesce(note, '') || ' '`), ...differs },
  { name: 'letter turned', sql: update('status = upper(status)'), ...differs },
  {
    name: 'jsonb key changed',
    sql: update(
      `shipping = jsonb_set(shipping, '{city}', '"elsewhere"')`,
      `shipping = json_merge_patch(shipping, '{"city": "elsewhere"}')`,
    ),
    ...differs,
  },
  {
    name: 'deep jsonb key removed',
    sql: update(`shipping = shipping #- '{geo,lat}'`, `shipping = json_merge_patch(shipping, '{"geo": {"lat": null}}')`),
    ...differs,
  },
  {
    name: 'list grown',
    sql: update(`tags = tags || '["planted"]'`, `tags = to_json(list_append(json_extract(tags, '$[*]'), '"planted"'::JSON))`),
    ...differs,
  },
  { name: 'jsonb nulled', sql: update('tags = NULL'), ...differs },
  { name: 'time shifted', sql: update(`created_at = created_at + interval '1 hour'`), ...differs },
  { name: 'time shifted by a millisecond', sql: update(`created_at = created_at + interval '1 millisecond'`), ...differs },
  { name: 'cursor shifted back', sql: update(`updated_at = updated_at - interval '1 second'`), ...differs },
  {
    name: 'cursor shifted on',
    sql: update(`updated_at = updated_at + interval '1 second'`),
    ...{ kind: () => 'differing', outcome: 'left' },
  },
  {
    name: 'row deleted',
    sql: (table) => `DELETE FROM ${table} WHERE id = $1 AND $2::int > 0`,
    ...{ kind: () => 'missing', outcome: 'repaired' },
  },
  { name: 'row added', sql: copied(`$1::int + ${EXTRA_FROM}`), ...{ kind: () => 'extra', outcome: 'left' } },
  { name: 'row doubled', modes: UNKEYED, sql: copied('$1::int'), ...{ kind: () => 'duplicate', outcome: 'left' } },
  {
    name: 'row tripled',
    modes: UNKEYED,
    sql: (table) => `INSERT INTO ${table} SELECT t.* FROM ${table} t, generate_series(1, 2) WHERE id = $1 AND $2::int > 0`,
    ...{ kind: () => 'duplicate', outcome: 'left' },
  },
];

/** Rows of each table. */
export const ROWS = 5_000;
/** Damages of each table in a round. */
export const PLANTS = 200;

export interface Plant {
  damage: Damage;
  /** Of the row that is damaged. */
  id: number;
  /** Of the row that a verification has to name. */
  named: number;
  amount: number;
}

/** So many damages of so many different rows; every kind of damage that the mode allows is there. */
export function choosePlants(random: Random, { mode, count, rows }: { mode: WriteMode; count: number; rows: number }): Plant[] {
  const possible = DAMAGES.filter(({ modes }) => modes?.includes(mode) ?? true) as [Damage, ...Damage[]];
  const ids = new Set<number>();
  while (ids.size < count) ids.add(Math.floor(random.between(1, rows + 1)));
  return [...ids].map((id, index) => {
    const damage = possible[index] ?? random.pick(possible);
    const named = damage.name === 'row added' ? id + EXTRA_FROM : id;
    return { damage, id, named, amount: Math.floor(random.between(1, 1_000)) };
  });
}
