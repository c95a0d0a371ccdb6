import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlayedProvider, providerManifest } from '../played-provider.js';

/** What the provider does with the next calls that would take effect. */
export type Mishap =
  /** Does it, and never answers. */
  | 'hang'
  /** Does it, and cuts the connection. */
  | 'reset'
  /** Does it, and answers 500. */
  | 'error'
  /** Does nothing, and answers 429 with `Retry-After: 0`. */
  | 'limit'
  /** Does nothing, and cuts the connection. */
  | 'drop';

export interface Payment {
  id: number;
  key: string | null;
  reference: string;
  amount: unknown;
}

/** A payment provider on this machine: `/keyed/payments` takes an Idempotency-Key, `/plain/payments` does not; `?reference=` looks payments up. */
export class PaymentsApi extends PlayedProvider {
  readonly payments: Payment[] = [];
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  /** Taken one a call. */
  mishaps: Mishap[] = [];
  /** What it does with this one, whatever was called before it. */
  onPayment: ((reference: string) => Mishap | undefined) | undefined;
  private hung: { after: number; resolve: () => void }[] = [];

  static start(): Promise<PaymentsApi> {
    return new PaymentsApi().listen();
  }

  /** Resolves when so many more calls hang. */
  hanging(calls = 1): Promise<void> {
    return new Promise((resolve) => this.hung.push({ after: calls, resolve }));
  }

  of(reference: string): Payment[] {
    return this.payments.filter((payment) => payment.reference === reference);
  }

  protected handle(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { method = 'GET', url = '/', headers } = request;
    this.requests.push({ method, url, headers, body });
    const answer = (status: number, value: unknown, more: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value));
    };
    if (headers['x-api-key'] !== 'right') return answer(401, { error: 'who are you?' });
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (method === 'GET' && pathname.endsWith('/payments'))
      return answer(200, { data: this.of(searchParams.get('reference') ?? '') });
    if (method !== 'POST' || !pathname.endsWith('/payments')) return answer(404, { error: 'nothing here' });
    const { reference, amount } = JSON.parse(body) as { reference: string; amount: number };
    if (amount === 13) return answer(422, { error: `13 is refused, Mrs ${reference}` });
    const mishap = this.onPayment?.(reference) ?? this.mishaps.shift();
    if (mishap === 'limit') return answer(429, {}, { 'retry-after': '0' });
    if (mishap === 'drop') return void request.socket.destroy();
    const key = pathname.startsWith('/keyed') ? String(headers['idempotency-key']) : null;
    const payment = this.make({ key, reference, amount: /"amount":\s*([^,}\s]+)/.exec(body)?.[1] });
    if (mishap === 'reset') return void request.socket.destroy();
    if (mishap === 'error') return answer(500, { error: 'oops' });
    if (mishap === 'hang') return this.hangs();
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(`{"payment":{"id":${payment.id},"reference":${JSON.stringify(reference)},"ledger":9007199254740993}}`);
  }

  private hangs(): void {
    for (const waiting of this.hung) if (--waiting.after === 0) waiting.resolve();
    this.hung = this.hung.filter(({ after }) => after > 0);
  }

  private make(payment: Omit<Payment, 'id'>): Payment {
    const known = payment.key === null ? undefined : this.payments.find(({ key }) => key === payment.key);
    if (known !== undefined) return known;
    const made = { id: this.payments.length + 1, ...payment };
    this.payments.push(made);
    return made;
  }
}

export const paymentsManifest = providerManifest('payments', {
  path: '/keyed/payments',
  requester: {
    authenticator: {
      type: 'ApiKeyAuthenticator',
      api_token: "{{ config['api_key'] }}",
      inject_into: { type: 'RequestOption', inject_into: 'header', field_name: 'X-Api-Key' },
    },
  },
  secrets: { api_key: { type: 'string', airbyte_secret: true } },
});

/** Ways to make a payment: with a key, with a lookup, with neither, and with a key that is soon forgotten, with and without a lookup. */
export const paymentsSluice = `
version: 1
requester: '#/definitions/requester'
actions:
  pay: &pay
    description: Makes a payment.
    input: &input
      type: object
      required: [reference, amount]
      additionalProperties: false
      properties:
        reference: {type: string, minLength: 1}
        amount: {type: number, exclusiveMinimum: 0}
        note: {type: string}
    idempotency_key: {in: header, name: Idempotency-Key}
    request:
      path: /keyed/payments
      json: {reference: '{{ input.reference }}', amount: '{{ input.amount }}', note: '{{ input.note }}'}
    result: [payment]
    timeout_seconds: 5
  pay_with_lookup:
    input: *input
    request: &plain
      path: /plain/payments
      json: {reference: '{{ input.reference }}', amount: '{{ input.amount }}'}
    result: [payment]
    timeout_seconds: 4
    lookup:
      request: {method: GET, path: /plain/payments, parameters: {reference: '{{ input.reference }}'}}
      found: [data, '0']
  pay_blindly:
    input: *input
    request: *plain
    result: [payment]
    timeout_seconds: 4
  show:
    input: {type: object, required: [id], properties: {id: {type: string}}}
    request: {method: GET, path: '/things/{{ input.id }}'}
`;
