import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlayedProvider, providerManifest } from '../played-provider.js';

export interface Contact {
  email: string;
  name?: string;
  points?: number;
}

/** A mailing service on this machine that takes contacts in lists, once for each Idempotency-Key. */
export class ContactsApi extends PlayedProvider {
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
  private hung: (() => void)[] = [];

  static start(): Promise<ContactsApi> {
    return new ContactsApi().listen();
  }

  /** Resolves with the next call that hangs. */
  hanging(): Promise<void> {
    return new Promise((resolve) => this.hung.push(resolve));
  }

  protected handle(request: IncomingMessage, response: ServerResponse, sent: string): void {
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

export const contactsManifest = providerManifest('contacts', { path: '/contacts' });

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
