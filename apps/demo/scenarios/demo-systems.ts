import type { RestClient } from '../rest-client.js';

/** The demo shop's systems, and how each that has webhooks signs them and what it tells of. */
const SYSTEMS = {
  shop: { scheme: 'standard', types: ['sale.placed', 'sale.updated'] },
  payments: { scheme: 'stripe', types: ['payment.captured', 'payment.refunded'] },
  accounting: null,
  crm: { scheme: 'standard', types: ['inquiry.created'] },
  support: { scheme: 'shopify', types: ['ticket.created'] },
  hr: { scheme: 'github', types: ['employee.added'] },
  payroll: null,
} as const;
export type SystemName = keyof typeof SYSTEMS;
const NAMES = Object.keys(SYSTEMS) as SystemName[];

/** The process that plays them. */
export interface ShopAccess {
  address: string;
  apiKey: string;
  adminToken: string;
}
type Entry = Record<string, unknown>;

/** The demo shop's systems, each with a connection and, where it has webhooks, a hook. */
export class DemoSystems {
  private constructor(
    private readonly shop: ShopAccess,
    /** Ids. */
    readonly connections: Readonly<Record<SystemName, string>>,
    /** Addresses of the hooks. */
    readonly hooks: Readonly<Partial<Record<SystemName, string>>>,
  ) {}

  /** Every event is sent twice, as providers do. `suffix` of the connections' names tells those of several demos of one home apart. */
  static async connect(shop: ShopAccess, rest: RestClient, suffix = ''): Promise<DemoSystems> {
    const connections = {} as Record<SystemName, string>;
    const hooks: Partial<Record<SystemName, string>> = {};
    const webhooks: object[] = [];
    for (const name of NAMES) {
      const config = { base_url: shop.address, api_key: shop.apiKey };
      const connection = { name: `${name}${suffix}`, connector: `demo-${name}`, config };
      const { id } = await rest.post<{ id: string }>('/v1/connections', connection);
      connections[name] = id;
      const tells = SYSTEMS[name];
      if (tells === null) continue;
      const hook = await rest.post<{ path: string; secret: string }>(`/v1/connections/${id}/hooks`, { webhook: 'events' });
      const url = rest.baseUrl + hook.path;
      hooks[name] = url;
      webhooks.push({ ...tells, url, secret: hook.secret, copies: 2, retryMs: 50 });
    }
    const systems = new DemoSystems(shop, connections, hooks);
    await systems.call('PUT', '/shop/_admin/webhooks', webhooks);
    return systems;
  }

  /** One call of somebody who works with these systems: a customer, an employee, their owner. */
  async call(method: string, path: string, body?: object): Promise<Entry> {
    const answer = await fetch(this.shop.address + path, {
      method,
      headers: { 'x-api-key': this.shop.apiKey, 'x-admin-token': this.shop.adminToken },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Entry;
  }

  /** All of a collection. */
  async list(path: string): Promise<Entry[]> {
    const all: Entry[] = [];
    for (let cursor = ''; ;) {
      const page = await this.call('GET', `${path}?limit=100${cursor}`);
      all.push(...(page['data'] as Entry[]));
      if (page['has_more'] !== true) return all;
      cursor = `&cursor=${String(page['next_cursor'])}`;
    }
  }

  /** Somebody buys one thing in the shop. */
  sell(total: number): Promise<Entry> {
    return this.call('POST', '/shop/sales', {
      ...{ customer_email: 'ann@example.com', currency: 'EUR' },
      lines: [{ sku: 'cup', quantity: 1, unit_price: total }],
    });
  }
}

/** A sum of money fields, in cents: exact. */
export const cents = (entries: readonly Entry[], field: string): number =>
  entries.reduce((sum, entry) => sum + Math.round(Number(entry[field]) * 100), 0);
