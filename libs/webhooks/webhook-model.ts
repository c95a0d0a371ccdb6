import type { JsonObject } from '../contracts/json.js';
import { webhookSchema, type Place, type TypePlace, type WebhookFile } from '../contracts/webhook-file.schema.js';
import type { FieldError } from '../errors/index.js';
import { ruleErrors, signatureRule, type SignatureRule } from './signature-rule.js';

/** A webhook of a connector, ready to receive. */
export interface WebhookModel {
  name: string;
  description: string | null;
  scheme: WebhookFile['signature']['scheme'];
  rule: SignatureRule;
  format: 'json' | 'form';
  formField: string | null;
  type: readonly TypePlace[];
  /** All of them are needed. */
  id: readonly Place[] | 'digest';
  occurredAt: Place | null;
  challenge: 'slack' | 'meta' | null;
  /** Types that come, by name; others are taken too. */
  events: ReadonlyMap<string, { description: string | null; schema: JsonObject | null }>;
}

type Known = { type: readonly TypePlace[]; id: readonly Place[]; occurredAt?: Place };

/** Where the providers of these schemes put an event's type and id, as they publish it. */
const KNOWN: Partial<Record<WebhookFile['signature']['scheme'], Known>> = {
  standard_webhooks: { id: [{ header: 'webhook-id' }], type: [{ body: ['type'] }], occurredAt: { body: ['timestamp'] } },
  stripe: { id: [{ body: ['id'] }], type: [{ body: ['type'] }], occurredAt: { body: ['created'] } },
  github: { id: [{ header: 'x-github-delivery' }], type: [{ header: 'x-github-event' }, { body: ['action'] }] },
  slack: { id: [{ body: ['event_id'] }], type: [{ body: ['event', 'type'] }], occurredAt: { body: ['event_time'] } },
  // One act of a merchant causes webhooks of several topics, which share its id.
  shopify: {
    id: [{ header: 'x-shopify-topic' }, { header: 'x-shopify-event-id' }],
    type: [{ header: 'x-shopify-topic' }],
    occurredAt: { header: 'x-shopify-triggered-at' },
  },
};

const models = new WeakMap<object, ReadonlyMap<string, WebhookModel>>();

/** The webhooks of a sluice.yaml as JSON, by name; remembered by the object. `wrong` is told what is wrong, as JSON pointers into the file. */
export function compileWebhooks(file: JsonObject, wrong: (errors: FieldError[]) => Error): ReadonlyMap<string, WebhookModel> {
  const known = models.get(file);
  if (known !== undefined) return known;
  const errors: FieldError[] = [];
  const declared = Object.entries((file['webhooks'] ?? {}) as JsonObject);
  const compiled = new Map(declared.map(([name, webhook]) => [name, compile(name, webhookSchema.parse(webhook), errors)]));
  if (errors.length > 0) throw wrong(errors);
  models.set(file, compiled);
  return compiled;
}

function compile(name: string, file: WebhookFile, errors: FieldError[]): WebhookModel {
  const at = `/webhooks/${name}`;
  const { signature } = file;
  const known = KNOWN[signature.scheme];
  errors.push(...ruleErrors(signature).map(({ path, message }) => ({ path: `${at}/signature${path}`, message })));
  const needed = (field: 'type' | 'id'): void =>
    void errors.push({ path: `${at}/${field}`, message: `is needed: the scheme ${signature.scheme} does not say where it is` });
  if (file.type === undefined && known === undefined) needed('type');
  if (file.id === undefined && known === undefined) needed('id');
  if (file.form_field !== undefined && file.format !== 'form')
    errors.push({ path: `${at}/form_field`, message: 'is for `format: form`' });
  const type = file.type === undefined ? (known?.type ?? []) : Array.isArray(file.type) ? file.type : [file.type];
  const occurredAt = file.occurred_at ?? known?.occurredAt;
  return {
    ...{ name, description: file.description ?? null, scheme: signature.scheme, rule: signatureRule(signature) },
    ...{ format: file.format, formField: file.form_field ?? null },
    type: type.map(lowerCase),
    id: idPlaces(file.id ?? known?.id ?? []),
    occurredAt: occurredAt === undefined ? null : lowerCase(occurredAt),
    challenge: file.challenge ?? (signature.scheme === 'slack' ? 'slack' : null),
    events: new Map(
      Object.entries(file.events).map(([type, { description = null, schema = null }]) => [type, { description, schema }]),
    ),
  };
}

const idPlaces = (id: NonNullable<WebhookFile['id']> | readonly Place[]): WebhookModel['id'] =>
  'digest' in id ? 'digest' : [id].flat().map((place) => lowerCase(place));

const lowerCase = <T extends object>(place: T): T =>
  'header' in place && typeof place.header === 'string' ? { ...place, header: place.header.toLowerCase() } : place;
