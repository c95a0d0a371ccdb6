import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DEFAULT_SIZES, MAX_ROWS, type Sizes } from './entities.js';

const number = (rule: { from: number; to?: number }) =>
  z.coerce
    .number()
    .min(rule.from)
    .max(rule.to ?? Number.MAX_SAFE_INTEGER);
const count = (rule: { from: number; to?: number }) => number(rule).int();
const rows = count({ from: 0, to: MAX_ROWS });

/** What can be changed while the shop runs, by `PUT /shop/_admin/settings`. */
const settingsSchema = z.strictObject({
  /** Calls per second and key; 0: no limit. */
  rate: number({ from: 0 }).default(0),
  burst: count({ from: 1 }).default(10),
  /** Calls at the same time, all keys; 0: no limit. */
  concurrency: count({ from: 0 }).default(0),
  /** Seconds named in a 429; 0: until the next token. */
  retryAfterSeconds: number({ from: 0 }).default(0),
  retryAfterDate: z.union([z.boolean(), z.stringbool()]).default(false),
  /** Records per second, all requests together, kept by delaying answers; 0: as fast as it can. */
  pace: number({ from: 0 }).default(0),
  latencyMs: number({ from: 0 }).default(0),
});
export type Settings = z.infer<typeof settingsSchema>;
/** Only the keys given are changed. */
export const settingsChangeSchema = z.strictObject(
  Object.fromEntries(Object.entries(settingsSchema.shape).map(([key, schema]) => [key, schema.unwrap().optional()])),
);

/** Flag → schema; the environment variable is SHOP_ and the flag in capitals (`--order-items`: SHOP_ORDER_ITEMS), PORT for the port. */
const flagsSchema = z.object({
  customers: rows.default(DEFAULT_SIZES.customers),
  orders: rows.default(DEFAULT_SIZES.orders),
  'order-items': rows.default(DEFAULT_SIZES.order_items),
  products: rows.default(DEFAULT_SIZES.products),
  events: rows.default(DEFAULT_SIZES.events),
  marker: z.string().default(''),
  'api-key': z.string().min(1).optional(),
  'admin-token': z.string().min(1).optional(),
  'cache-mb': number({ from: 0 }).default(600),
  'max-limit': count({ from: 1 }).default(5_000),
  port: count({ from: 0, to: 65_535 }).default(0),
  rate: settingsSchema.shape.rate,
  burst: settingsSchema.shape.burst,
  concurrency: settingsSchema.shape.concurrency,
  'retry-after': settingsSchema.shape.retryAfterSeconds,
  'retry-after-date': settingsSchema.shape.retryAfterDate,
  pace: settingsSchema.shape.pace,
  latency: settingsSchema.shape.latencyMs,
});

export interface ShopOptions {
  readonly sizes: Sizes;
  /** Put into one text of every record; empty: none. */
  readonly marker: string;
  readonly apiKey: string;
  readonly adminToken: string;
  /** Of these, the ones made up here: whoever started the shop has to be told. */
  readonly madeUp: { readonly apiKey?: string; readonly adminToken?: string };
  /** Rendered records held in memory, bytes. */
  readonly cacheBytes: number;
  /** Largest page. */
  readonly maxLimit: number;
  /** 0: a free one. */
  readonly port: number;
  readonly settings: Settings;
}

/** Flags win over the environment. Throws one error that lists every problem. Keys that were not given are random. */
export function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ShopOptions {
  const names = Object.keys(flagsSchema.shape);
  const { values } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  const given = Object.fromEntries(names.map((name) => [name, values[name] ?? nonEmpty(env[variableOf(name)])]));
  const parsed = flagsSchema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path: [name], message }) => `--${String(name)} (or ${variableOf(String(name))}): ${message}`,
    );
    throw new Error(`the demo shop cannot start:\n${problems.join('\n')}`);
  }
  const flags = parsed.data;
  const madeUp = {
    ...(flags['api-key'] === undefined ? { apiKey: randomBytes(18).toString('base64url') } : {}),
    ...(flags['admin-token'] === undefined ? { adminToken: randomBytes(18).toString('base64url') } : {}),
  };
  return {
    sizes: {
      customers: flags.customers,
      orders: flags.orders,
      order_items: flags['order-items'],
      products: flags.products,
      events: flags.events,
    },
    marker: flags.marker,
    apiKey: flags['api-key'] ?? '',
    adminToken: flags['admin-token'] ?? '',
    ...madeUp,
    madeUp,
    cacheBytes: flags['cache-mb'] * 1024 * 1024,
    maxLimit: flags['max-limit'],
    port: flags.port,
    settings: {
      rate: flags.rate,
      burst: flags.burst,
      concurrency: flags.concurrency,
      retryAfterSeconds: flags['retry-after'],
      retryAfterDate: flags['retry-after-date'],
      pace: flags.pace,
      latencyMs: flags.latency,
    },
  };
}

const variableOf = (flag: string): string => (flag === 'port' ? 'PORT' : `SHOP_${flag.toUpperCase().replaceAll('-', '_')}`);
const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
