import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { compileSluice, compileManifestText, parseSluiceFile } from '../../../libs/connectors/index.js';
import { openShop, syncAll } from './support.js';

const FLAGS = ['--customers', '1', '--orders', '1', '--order-items', '1', '--products', '1', '--events', '1'];
const manifestOf = (connector: string): string => readFileSync(`connectors/${connector}/manifest.yaml`, 'utf8');

const open: Awaited<ReturnType<typeof openShop>>[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()));
});
async function shopOf(connector: string) {
  const shop = await openShop(FLAGS, {}, manifestOf(connector));
  open.push(shop);
  const post = async (method: string, path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: 'Bearer shop-key' };
    const answer = await fetch(`${shop.address}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  return { source: shop.source, post };
}

const money = { currency: 'EUR' };
const mail = 'ann@example.com';
const SALE = { customer_email: mail, ...money, lines: [{ sku: 'cup', quantity: 2, unit_price: 4.5 }] };
/** Connector, stream, and how a record of it is made. */
const STREAMS: readonly [string, string, string, string, object][] = [
  ['demo-shop', 'sales', 'POST', '/shop/sales', SALE],
  ['demo-payments', 'payments', 'POST', '/payments', { reference: 'a', amount: 9, ...money }],
  ['demo-accounting', 'entries', 'POST', '/accounting/entries', { reference: 'a', amount: 9, ...money, account: 'sales' }],
  ['demo-crm', 'inquiries', 'POST', '/crm/inquiries', { email: mail, subject: 'cup', message: 'broken' }],
  ['demo-crm', 'purchases', 'POST', '/crm/purchases', { reference: 'a', email: mail, amount: 9 }],
  ['demo-support', 'tickets', 'POST', '/support/tickets', { external_id: 'a', requester: mail, subject: 'cup', body: 'broken' }],
  [
    'demo-hr',
    'employees',
    'POST',
    '/hr/employees',
    { name: 'Ann', email: mail, salary: 60000, ...money, starts_on: '2026-01-01' },
  ],
  ['demo-payroll', 'employees', 'PUT', '/payroll/employees/e1', { monthly_pay: 5000, ...money, from: '2026-01-01' }],
];

describe("the connectors of the demo shop's services", () => {
  it.each(STREAMS)('%s reads %s, and then only what changed', async (connector, stream, method, path, body) => {
    const { source, post } = await shopOf(connector);
    const made = [await post(method, path, body)];
    if (method === 'POST') made.push(await post(method, path, body));
    const now = new Date(Date.now() + 1_000).toISOString();
    const first = await syncAll(source, stream, null, now);
    expect(first.records).toEqual(made);
    const declared = (await source.discover()).streams.find(({ name }) => name === stream)?.jsonSchema as {
      properties: object;
    };
    expect(Object.keys(declared.properties).sort()).toEqual(Object.keys(made[0] ?? {}).sort());
    const second = await syncAll(source, stream, first.state, now);
    expect(second.records).toEqual(made.slice(-1));
  });

  const withActions = readdirSync('connectors').filter((name) => existsSync(`connectors/${name}/sluice.yaml`));
  it.each(withActions)('%s declares actions that compile', (connector) => {
    const { document } = compileManifestText(manifestOf(connector));
    const text = readFileSync(`connectors/${connector}/sluice.yaml`, 'utf8');
    expect(() => parseSluiceFile(text, (file) => compileSluice(document as JsonObject, file))).not.toThrow();
  });
});
