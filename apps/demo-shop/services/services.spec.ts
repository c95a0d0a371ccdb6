import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseOptions } from '../options.js';
import { startShop, type RunningShop } from '../server.js';

interface Said {
  status: number;
  body: Record<string, unknown> & { data: Record<string, unknown>[]; next_cursor: string | null };
}

let shop: RunningShop;

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Said> {
  const response = await fetch(`${shop.address}${path}`, {
    method,
    headers: { 'x-api-key': 'key', 'x-admin-token': 'boss', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Said['body'] };
}
const pay = (key: string, amount: number) =>
  call('POST', '/payments', { reference: 'sale_1', amount, currency: 'EUR' }, { 'idempotency-key': key });

beforeAll(async () => {
  const sizes = ['--customers', '1', '--orders', '1', '--order-items', '1', '--products', '1', '--events', '1'];
  shop = await startShop(parseOptions(['--api-key', 'key', '--admin-token', 'boss', ...sizes], {}));
});
afterAll(() => shop.close());
beforeEach(() => call('POST', '/shop/_admin/reset?what=all'));

const basket = {
  customer_email: 'ann@example.com',
  currency: 'EUR',
  lines: [
    { sku: 'cup', quantity: 3, unit_price: 0.1 },
    { sku: 'pot', quantity: 1, unit_price: 19.99 },
  ],
};

describe("the shop's services", () => {
  it('sells, and lists sales in the order of their changes, by cursor and from a time on', async () => {
    const made = [await call('POST', '/shop/sales', basket), await call('POST', '/shop/sales', basket)];
    expect(made.map(({ status, body }) => [status, body['id'], body['total'], body['status']])).toEqual([
      [201, 'sale_1', 20.29, 'placed'],
      [201, 'sale_2', 20.29, 'placed'],
    ]);
    const paid = await call('PUT', '/shop/sales/sale_1/status', { status: 'paid', payment_id: 'pay_1' });
    expect(paid.body).toMatchObject({ status: 'paid', payment_id: 'pay_1' });
    const again = await call('PUT', '/shop/sales/sale_1/status', { status: 'paid', payment_id: 'pay_1' });
    expect(again.body).toEqual(paid.body);
    const first = await call('GET', '/shop/sales?limit=1');
    expect(first.body).toMatchObject({ data: [{ id: 'sale_2' }], has_more: true });
    const second = await call('GET', `/shop/sales?limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ data: [{ id: 'sale_1' }], has_more: false, next_cursor: null });
    const since = await call('GET', `/shop/sales?updated_since=${String(paid.body['updated_at'])}`);
    expect(since.body.data.map(({ id }) => id)).toEqual(['sale_1']);
    expect((await call('GET', '/shop/sales?status=paid')).body.data).toEqual([paid.body]);
  });

  it('takes a payment once for each key, and refuses a key with another body', async () => {
    const first = await pay('a', 5);
    expect([first.status, (await pay('a', 5)).body]).toEqual([201, first.body]);
    expect((await pay('a', 6)).status).toBe(409);
    expect((await pay('b', 5)).body['id']).toBe('pay_2');
    expect((await pay('c', 10_001)).status).toBe(402);
    expect((await call('POST', '/payments/pay_1/refund', '')).body['status']).toBe('refunded');
    expect((await pay('a', 5)).body['status']).toBe('refunded');
    expect((await call('GET', '/payments?reference=sale_1')).body.data).toHaveLength(2);
  });

  it('makes what has its own id once', async () => {
    const body = { monthly_pay: 4_000, currency: 'EUR', from: '2026-01-01' };
    const first = await call('PUT', '/payroll/employees/employee_1', body);
    const again = await call('PUT', '/payroll/employees/employee_1', body);
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    expect((await call('PUT', '/payroll/employees/employee_1', { ...body, monthly_pay: 4_100 })).body['monthly_pay']).toBe(4_100);
  });

  it('has done what a spoiled answer was about', async () => {
    await call('PUT', '/shop/_admin/faults', [{ kind: 'reset', match: { pathPrefix: '/payments' }, times: 1 }]);
    await expect(pay('a', 5)).rejects.toThrow();
    expect((await call('GET', '/payments')).body.data).toHaveLength(1);
    await call('PUT', '/shop/_admin/faults', [{ kind: 'status', status: 503, match: { pathPrefix: '/payments' }, times: 1 }]);
    expect((await pay('b', 5)).status).toBe(503);
    expect((await call('GET', '/payments')).body.data).toHaveLength(1);
  });

  it('says what is wrong', async () => {
    const statuses = [
      await call('POST', '/shop/sales', { ...basket, lines: [] }),
      await call('POST', '/shop/sales', '{'),
      await call('GET', '/shop/sales?limit=0'),
      await call('DELETE', '/shop/sales/sale_1'),
      await call('PUT', '/shop/sales/sale_9/status', { status: 'paid' }),
      await call('PUT', '/payroll/employees/e/toString', {}),
      await call('POST', '/payments/pay_1/refund/more', {}),
    ].map(({ status }) => status);
    expect(statuses).toEqual([422, 400, 400, 404, 404, 404, 404]);
    expect((await call('GET', '/shop/sales', undefined, { 'x-api-key': 'wrong' })).status).toBe(401);
  });

  it('tells others what happened, signed, again until they have taken it, and as often as it was told to', async () => {
    const received: { headers: IncomingHttpHeaders; body: string }[] = [];
    let missing = 4;
    let all: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (all = resolve));
    const receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        response.writeHead(received.length === 1 ? 503 : 200).end(() => (--missing === 0 ? all() : undefined));
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const secret = `whsec_${Buffer.from('secret').toString('base64')}`;
    await call('PUT', '/shop/_admin/webhooks', [
      { url, types: ['sale.placed'], secret, retryMs: 1, copies: 2 },
      { url, types: ['payment.captured'], scheme: 'stripe', secret },
      { url, types: ['inquiry.created'], secret },
    ]);
    const { body: sale } = await call('POST', '/shop/sales', basket);
    await pay('a', 5);
    await pay('a', 5);
    await done;
    await new Promise((resolve) => receiver.close(resolve));
    const sales = received.filter(({ body }) => body.includes('sale.placed'));
    expect([received.length, sales.length]).toEqual([4, 3]);
    for (const { headers, body } of sales) {
      expect(JSON.parse(body)).toMatchObject({ type: 'sale.placed', data: sale });
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', 'secret').update(signed).digest('base64')}`);
    }
    expect(new Set(sales.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const paid = received.find(({ body }) => body.includes('payment.captured'));
    const [, time, signature] = /^t=(\d+),v1=(\w+)$/.exec(String(paid?.headers['stripe-signature'])) ?? [];
    expect(signature).toBe(createHmac('sha256', secret).update(`${time}.${paid?.body}`).digest('hex'));
  });
});
