import { readFileSync } from 'node:fs';
import type { ApiClient } from '../api-client.js';
import { startApp, type AppProcess } from '../app-process.js';

const SIZES = ['--customers', '1', '--orders', '1', '--order-items', '1', '--products', '1', '--events', '1'];
const KEY = 'shop-key';
const ADMIN = 'boss';

/** How each of the demo shop's systems signs its webhooks, and what it tells of. */
const HOOKS = {
  shop: { scheme: 'standard', types: ['sale.placed', 'sale.updated'] },
  payments: { scheme: 'stripe', types: ['payment.captured', 'payment.refunded'] },
  crm: { scheme: 'standard', types: ['inquiry.created'] },
  support: { scheme: 'shopify', types: ['ticket.created'] },
  hr: { scheme: 'github', types: ['employee.added'] },
} as const;
const CONNECTORS = ['shop', 'payments', 'accounting', 'crm', 'support', 'hr', 'payroll'];

/** The demo shop's systems, each with a connection and, where it has webhooks, a hook. */
export class DemoSystems {
  private constructor(
    private readonly app: AppProcess,
    readonly connections: Readonly<Record<string, string>>,
  ) {}

  get host(): string {
    return new URL(this.app.address).host;
  }

  static start(): Promise<AppProcess> {
    return startApp('demo-shop', { args: [...SIZES, '--api-key', KEY, '--admin-token', ADMIN] });
  }

  /** Every event is sent twice, as providers do. */
  static async connect(app: AppProcess, client: ApiClient): Promise<DemoSystems> {
    const connections: Record<string, string> = {};
    const webhooks: object[] = [];
    for (const name of CONNECTORS) {
      const config = { base_url: app.address, api_key: KEY };
      const { body } = await client.post('/v1/connections', { name, connector: `demo-${name}`, config });
      connections[name] = String(body.id);
      const hook = (HOOKS as Record<string, { scheme: string; types: readonly string[] } | undefined>)[name];
      if (hook === undefined) continue;
      const made = (await client.post(`/v1/connections/${String(body.id)}/hooks`, { webhook: 'events' })).body;
      webhooks.push({ ...hook, url: client.address + String(made['path']), secret: made['secret'], copies: 2, retryMs: 50 });
    }
    const systems = new DemoSystems(app, connections);
    await systems.call('PUT', '/shop/_admin/webhooks', webhooks);
    return systems;
  }

  async call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(this.app.address + path, {
      method,
      headers: { 'x-api-key': KEY, 'x-admin-token': ADMIN },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** All of a collection. */
  async list(path: string): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    for (let cursor = ''; ;) {
      const page = await this.call('GET', `${path}?limit=100${cursor}`);
      all.push(...(page['data'] as Record<string, unknown>[]));
      if (page['has_more'] !== true) return all;
      cursor = `&cursor=${String(page['next_cursor'])}`;
    }
  }
}

export const exampleFlow = (name: string): string => readFileSync(`examples/flows/${name}.yaml`, 'utf8');
