import { z } from 'zod';
import type { Entry } from './book.js';

/** A change that a record takes: `PUT {path}/{id}/{name}`, or `POST` where it is something that is done. Making it again changes nothing more. */
interface ChangeOffer {
  readonly method: 'PUT' | 'POST';
  readonly body: z.ZodType<object>;
  readonly fields: (body: never, entry: Entry) => object;
  readonly event?: string;
}

/** One collection of a service: what its records are made of, and what it tells others about them. */
export interface Offer {
  readonly prefix: string;
  readonly body: z.ZodType<object>;
  /** What a record is made of; default: the body as it came. */
  readonly fields?: (body: never) => object;
  /** Why a body that is well formed is refused all the same. */
  readonly refuses?: (body: never) => { readonly status: number; readonly code: string; readonly message: string } | undefined;
  /** `key`: once for each Idempotency-Key. `id`: `PUT {path}/{id}`, once for each id. `no`: each POST makes one more. */
  readonly once: 'key' | 'id' | 'no';
  /** The webhook that a new record causes. */
  readonly event?: string;
  /** By which field the list can be narrowed. */
  readonly filter?: string;
  readonly changes?: Readonly<Record<string, ChangeOffer>>;
}

const name = z.string().min(1).max(200);
const email = z.email();
/** Money, in units of the currency with two decimals. */
const money = z.number().min(0).max(1_000_000).multipleOf(0.01);
const currency = z.string().regex(/^[A-Z]{3}$/);

const line = z.strictObject({ sku: name, quantity: z.int().min(1).max(1_000), unit_price: money });
const sale = z.strictObject({ customer_email: email, currency, lines: z.array(line).min(1).max(100) });
const payment = z.strictObject({ reference: name, amount: money, currency });
/** Above it the payment provider declines. */
const CARD_LIMIT = 10_000;

/** In cents: sums of them are exact. */
const total = ({ lines }: z.output<typeof sale>): number =>
  lines.reduce((sum, { quantity, unit_price }) => sum + quantity * Math.round(unit_price * 100), 0) / 100;

/** Path → collection. Each first part of a path is a system of its own, as companies have them from different makers. */
export const OFFERS: Readonly<Record<string, Offer>> = {
  '/shop/sales': {
    prefix: 'sale',
    body: sale,
    fields: (body: z.output<typeof sale>) => ({ ...body, total: total(body), status: 'placed', payment_id: null }),
    once: 'no',
    event: 'sale.placed',
    filter: 'status',
    changes: {
      status: {
        method: 'PUT',
        body: z.strictObject({ status: z.enum(['placed', 'paid', 'shipped', 'cancelled']), payment_id: name.optional() }),
        fields: (body: object) => body,
        event: 'sale.updated',
      },
    },
  },
  '/payments': {
    prefix: 'pay',
    body: payment,
    fields: (body: object) => ({ ...body, status: 'captured' }),
    refuses: ({ amount }: z.output<typeof payment>) =>
      amount > CARD_LIMIT ? { status: 402, code: 'card_declined', message: `more than ${CARD_LIMIT} is declined` } : undefined,
    once: 'key',
    event: 'payment.captured',
    filter: 'reference',
    changes: {
      refund: { method: 'POST', body: z.strictObject({}), fields: () => ({ status: 'refunded' }), event: 'payment.refunded' },
    },
  },
  '/accounting/entries': {
    prefix: 'entry',
    body: z.strictObject({ reference: name, amount: money, currency, account: name }),
    once: 'key',
    filter: 'reference',
  },
  '/crm/inquiries': {
    prefix: 'inquiry',
    body: z.strictObject({ email, subject: name, message: z.string().max(10_000) }),
    fields: (body: object) => ({ ...body, ticket_id: null }),
    once: 'no',
    event: 'inquiry.created',
    changes: {
      ticket: { method: 'PUT', body: z.strictObject({ ticket_id: name }), fields: (body: object) => body },
    },
  },
  '/crm/purchases': {
    prefix: 'purchase',
    body: z.strictObject({ reference: name, email, amount: money }),
    once: 'no',
    filter: 'reference',
  },
  '/support/tickets': {
    prefix: 'ticket',
    body: z.strictObject({ external_id: name, requester: email, subject: name, body: z.string().max(10_000) }),
    fields: (body: object) => ({ ...body, status: 'open' }),
    once: 'no',
    event: 'ticket.created',
    filter: 'external_id',
    changes: {
      status: {
        method: 'PUT',
        body: z.strictObject({ status: z.enum(['open', 'solved']) }),
        fields: (body: object) => body,
      },
    },
  },
  '/hr/employees': {
    prefix: 'employee',
    body: z.strictObject({ name, email, salary: money, currency, starts_on: z.iso.date() }),
    once: 'no',
    event: 'employee.added',
  },
  '/payroll/employees': {
    prefix: 'payroll',
    body: z.strictObject({ monthly_pay: money, currency, from: z.iso.date() }),
    once: 'id',
  },
};
