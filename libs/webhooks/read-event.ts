import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import type { Place } from '../contracts/webhook-file.schema.js';
import { SluiceError } from '../errors/index.js';
import { isObject, parseJson, stringifyJson } from '../json/index.js';
import { headerOf, type SignedRequest } from './verify-signature.js';
import type { WebhookModel } from './webhook-model.js';

const MOST_TYPE = 200;
const MOST_ID = 500;

/** What a provider sent, as it is stored. */
export interface ReadEvent {
  type: string;
  dedupeKey: string;
  occurredAt: Date | null;
  /** JSON text. */
  text: string;
}

/** A body as JSON text and value. Errors: INVALID_REQUEST; what was sent is not quoted. */
export function readBody(model: Pick<WebhookModel, 'format' | 'formField'>, body: Buffer): { text: string; value: unknown } {
  const text = decode(body);
  if (model.format === 'json') return { text, value: parse(text) };
  const fields = formOf(text);
  if (model.formField === null) return { text: stringifyJson(fields), value: fields };
  const field = fields[model.formField];
  if (typeof field !== 'string')
    throw new SluiceError('INVALID_REQUEST', { detail: `the form has no one field ${model.formField}` });
  return { text: field, value: parse(field) };
}

/** Where the model says its parts are. Errors: VALIDATION_FAILED with the part that is missing. */
export function readEvent(
  model: WebhookModel,
  request: SignedRequest,
  { text, value }: { text: string; value: unknown },
): ReadEvent {
  const found = model.type
    .map((place) => ('value' in place ? place.value : textAt(place, request, value)))
    .filter((part) => part !== undefined && part !== '');
  const type = found.join('.');
  if (type === '' || type.length > MOST_TYPE) throw unreadable('type', model.type, MOST_TYPE);
  return { type, text, dedupeKey: idOf(model, request, value), occurredAt: occurredAt(model, request, value) };
}

function idOf({ id }: WebhookModel, request: SignedRequest, value: unknown): string {
  if (id === 'digest') return `sha256:${createHash('sha256').update(request.body).digest('hex')}`;
  const parts = id.map((place) => textAt(place, request, value) ?? '');
  const found = parts.join(':');
  if (parts.includes('') || found.length > MOST_ID) throw unreadable('id', id.slice(Math.max(0, parts.indexOf(''))), MOST_ID);
  return found;
}

function unreadable(part: string, places: readonly object[], most: number): SluiceError {
  const [place] = places as { header?: string; body?: string[] }[];
  const path = place?.body === undefined ? '' : place.body.map((step) => `/${step}`).join('');
  const where = place?.header === undefined ? `the body at ${path}` : `the header ${place.header}`;
  const message = `the event’s ${part} is to be a text of 1 to ${most} characters in ${where}`;
  return new SluiceError('VALIDATION_FAILED', { detail: message, errors: [{ path, message }] });
}

function textAt(place: Place, request: SignedRequest, value: unknown): string | undefined {
  if ('header' in place) return headerOf(request, place.header);
  const found = place.body.reduce<unknown>(
    (at, step) =>
      isObject(at) || Array.isArray(at)
        ? Object.hasOwn(at, step)
          ? (at as Record<string, unknown>)[step]
          : undefined
        : undefined,
    value,
  );
  if (typeof found === 'string') return found;
  // Numbers that a double would change come as objects of their own.
  const isNumber = typeof found === 'number' || typeof found === 'bigint';
  return isNumber ? String(found) : undefined;
}

/** Numbers below are seconds: 1973 in milliseconds, 5138 in seconds. */
const SECONDS_END = 1e11;

function occurredAt({ occurredAt: place }: WebhookModel, request: SignedRequest, value: unknown): Date | null {
  const text = place === null ? undefined : textAt(place, request, value);
  if (text === undefined) return null;
  const number = /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  const time = Number.isNaN(number) ? Date.parse(text) : number < SECONDS_END ? number * 1_000 : number;
  // A time that nobody can read is no reason to refuse what happened; nor is one that no calendar holds.
  return Math.abs(time) < 253_402_300_800_000 ? new Date(time) : null;
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new SluiceError('INVALID_REQUEST', { detail: 'the body is not UTF-8', cause });
  }
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Without its cause: a parser's words quote what it read.
    throw new SluiceError('INVALID_REQUEST', { detail: 'the body is not JSON' });
  }
}

/** Fields that come several times are lists. */
function formOf(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) fields.set(name, [...(fields.get(name) ?? []), value]);
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
}
