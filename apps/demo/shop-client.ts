import { expectedRow, type ShopState } from '../demo-shop/generator.js';
import type { Entity } from '../demo-shop/entities.js';
import type { StatsSnapshot } from '../demo-shop/stats.js';

/** The shop as its owner sees it: its state and its counters. */
export class ShopClient {
  constructor(
    private readonly baseUrl: string,
    private readonly adminToken: string,
  ) {}

  state(): Promise<ShopState> {
    return this.call<ShopState>('GET', '/shop/_admin/state');
  }

  stats(): Promise<StatsSnapshot> {
    return this.call<StatsSnapshot>('GET', '/shop/_stats');
  }

  async reset(): Promise<void> {
    await this.call('POST', '/shop/_admin/reset');
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, this.baseUrl), {
      method,
      headers: { 'x-admin-token': this.adminToken, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the shop answered ${response.status} to ${method} ${path}`);
    return (await response.json()) as T;
  }
}

/** Every record of an entity by ascending id, as the generator makes it: never from a counter, never from the API under test. */
export function* recordsById(entity: Entity, state: ShopState): Generator<Record<string, unknown> & { id: number }> {
  const last = Math.max(0, ...state.entities[entity].map(({ to }) => to));
  for (let id = 1; id <= last; id++) {
    const record = expectedRow(entity, id, state);
    if (record !== undefined) yield record;
  }
}
