import { readFileSync } from 'node:fs';
import type { BudgetGate } from '../../../libs/contracts/budget.port.js';
import type { JsonObject, JsonValue } from '../../../libs/contracts/json.js';
import type { Source } from '../../../libs/contracts/source.port.js';
import type { Position, Slice, SourceRecord, StreamState } from '../../../libs/contracts/stream.js';
import { budgetAccountOf, compileManifestText, createDeclarativeSource } from '../../../libs/connectors/index.js';
import { Egress, EgressAllowList } from '../../../libs/egress/index.js';
import { parseOptions } from '../../../apps/demo-shop/options.js';
import { startShop } from '../../../apps/demo-shop/server.js';
import { recordsOf } from '../../../libs/pipeline/index.js';

/** A budget without limits. */
export const freeGate: BudgetGate = { acquire: async () => ({ settle: async () => undefined }) };

export const shopManifest = (): string => readFileSync('connectors/demo-shop/manifest.yaml', 'utf8');

/** A shop on a free port, a source on its own manifest or another system's there, and the shop's switches. */
export async function openShop(flags: readonly string[] = [], config: JsonObject = {}, manifest = shopManifest()) {
  const shop = await startShop(parseOptions(['--api-key', 'shop-key', '--admin-token', 'admin', ...flags], {}));
  const { host } = new URL(shop.address);
  const egress = new Egress({ allow: EgressAllowList.parse(host), gate: freeGate, version: '0' });
  const { model } = compileManifestText(manifest);
  const whole: JsonObject = { base_url: shop.address, api_key: 'shop-key', ...config };
  const account = budgetAccountOf({ model, config: whole, workspaceId: 'w' });
  const source = createDeclarativeSource({ model, config: whole, http: egress.client({ account, class: 'batch' }) });
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${shop.address}${path}`, {
      method,
      headers: { 'x-admin-token': 'admin', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : await answer.json();
  };
  const close = async (): Promise<void> => {
    await source.close();
    await egress.close();
    await shop.close();
  };
  return { source, account, admin, close, address: shop.address };
}

export const NOW = '2026-01-01T00:00:00.000Z';

/** The whole plan of a stream. */
export async function planOf(source: Source, stream: string, state: StreamState = null, now = NOW): Promise<Slice[]> {
  const slices: Slice[] = [];
  let after: JsonValue | null = null;
  do {
    const page = await source.slices({ stream, state, now, incremental: true, after });
    slices.push(...page.slices);
    after = page.next;
  } while (after !== null);
  return slices;
}

/** Reads a slice to its end, or `pages` of it. */
export async function readAll(source: Source, stream: string, slice: Slice, from: Position | null = null, pages = Infinity) {
  const records: SourceRecord[] = [];
  let position: Position | null = from;
  let count = 0;
  for await (const page of source.read({ stream, slice, position: from, signal: new AbortController().signal })) {
    records.push(...recordsOf(page));
    position = page.position;
    if (++count >= pages) break;
  }
  return { records, position, pages: count };
}

/** Reads a stream and completes its slices in plan order. */
export async function syncAll(source: Source, stream: string, state: StreamState = null, now = NOW) {
  const records: SourceRecord[] = [];
  let next = state;
  for (const slice of await planOf(source, stream, state, now)) {
    const read = await readAll(source, stream, slice);
    records.push(...read.records);
    next = source.complete({ stream, slice, position: read.position, state: next });
  }
  return { records, state: next };
}
