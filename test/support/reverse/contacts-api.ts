import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Contact {
  email: string;
  name?: string;
  points?: number;
}

/** A mailing service on this machine that takes contacts in lists, once for each Idempotency-Key. */
export class ContactsApi {
  /** Every contact that a list brought, as often as it took effect. */
  readonly taken: Contact[] = [];
  /** How many contacts each call had, and what was sent. */
  readonly calls: number[] = [];
  readonly bodies: string[] = [];
  /** `strict` refuses a list with one wrong address; else the wrong ones are named in the answer. */
  strict = false;
  /** Addresses that it does not take. */
  refused = new Set<string>();
  /** So many calls take effect and get no answer. */
  hang = 0;
  private readonly answers = new Map<string, string>();
  private readonly server = createServer({ keepAliveTimeout: 0 }, (request, response) => void this.handle(request, response));
  private hung: (() => void)[] = [];

  static async start(): Promise<ContactsApi> {
    const api = new ContactsApi();
    await new Promise<void>((done) => api.server.listen(0, '127.0.0.1', done));
    return api;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves with the next call that hangs. */
  hanging(): Promise<void> {
    return new Promise((resolve) => this.hung.push(resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const sent = Buffer.concat(pieces).toString();
    this.bodies.push(sent);
    const { contacts } = JSON.parse(sent) as { contacts: Contact[] };
    const key = String(request.headers['idempotency-key']);
    const { status, body } = this.take(key, contacts);
    if (this.hang > 0) {
      this.hang -= 1;
      for (const resolve of this.hung.splice(0)) resolve();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }

  private take(key: string, contacts: Contact[]): { status: number; body: string } {
    const known = this.answers.get(key);
    if (known !== undefined) return { status: 200, body: known };
    this.calls.push(contacts.length);
    const errors = contacts.flatMap(({ email }, index) =>
      this.refused.has(email) ? [{ index, message: `${email} bounced` }] : [],
    );
    if (this.strict && errors.length > 0) return { status: 422, body: JSON.stringify({ errors }) };
    this.taken.push(...contacts.filter(({ email }) => !this.refused.has(email)));
    const body = JSON.stringify({ accepted: contacts.length - errors.length, errors });
    this.answers.set(key, body);
    return { status: 200, body };
  }
}

export const contactsManifest = {
  version: '6.1.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['contacts'] },
  definitions: { requester: { type: 'HttpRequester', url_base: "{{ config['base_url'] }}" } },
  streams: [
    {
      type: 'DeclarativeStream',
      name: 'contacts',
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
      retriever: {
        type: 'SimpleRetriever',
        requester: { $ref: '#/definitions/requester', path: '/contacts' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
      },
    },
  ],
  spec: {
    type: 'Spec',
    connection_specification: { type: 'object', required: ['base_url'], properties: { base_url: { type: 'string' } } },
  },
};

export const contactsSluice = `
version: 1
requester: '#/definitions/requester'
actions:
  add_contacts:
    input:
      type: object
      required: [contacts]
      properties:
        contacts:
          type: array
          items:
            type: object
            required: [email]
            additionalProperties: false
            properties: {email: {type: string, format: email}, name: {type: string}, points: {type: number}}
    idempotency_key: {in: header, name: Idempotency-Key}
    batch: {items: contacts, most: 10, rejected: {path: [errors], index: index, reason: message}}
    request: {path: /contacts/batch, json: {contacts: '{{ input.contacts }}'}}
    timeout_seconds: 4
  add_blindly:
    input: {type: object}
    request: {path: /contacts, json: '{{ input }}'}
`;
