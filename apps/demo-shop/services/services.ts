import { z } from 'zod';
import { json, refusal, type Answer } from '../answer.js';
import { BadParameter, integer } from '../paging.js';
import { Book, type Entry } from './book.js';
import { OFFERS, type Offer } from './offers.js';
import type { EventSender } from './event-sender.js';

export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly idempotencyKey: string | undefined;
}

interface Place {
  readonly path: string;
  readonly offer: Offer;
  readonly id: string | undefined;
  readonly change: string | undefined;
}

/** Where a path leads: `{collection}`, `{collection}/{id}`, `{collection}/{id}/{change}`. */
function placeOf(path: string): Place | undefined {
  const found = Object.entries(OFFERS).find(([start]) => path === start || path.startsWith(`${start}/`));
  if (found === undefined) return undefined;
  const [start, offer] = found;
  const [id, change, ...rest] = path
    .slice(start.length + 1)
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  return rest.length > 0 ? undefined : { path: start, offer, id, change };
}

export const isService = (path: string): boolean => placeOf(path) !== undefined;

/** The systems beside the shop's catalogue that take orders from others: sales, payments, accounting, CRM, support, HR, payroll. */
export class Services {
  private readonly books = new Map(Object.entries(OFFERS).map(([path, { prefix }]) => [path, new Book(prefix)]));

  constructor(private readonly events: EventSender) {}

  forget(): void {
    for (const book of this.books.values()) book.forget();
  }

  answer(request: ServiceRequest): Answer {
    const place = placeOf(request.path);
    const book = place && this.books.get(place.path);
    if (place === undefined || book === undefined) return refusal(404, 'not_found', `${request.path} does not exist`);
    try {
      return this.route(place, book, request);
    } catch (error) {
      if (error instanceof BadParameter) return refusal(400, 'bad_parameter', error.message);
      if (error instanceof z.ZodError) return refusal(422, 'invalid', z.prettifyError(error));
      if (error instanceof SyntaxError) return refusal(400, 'bad_body', 'the body is not JSON');
      throw error;
    }
  }

  private route(place: Place, book: Book, request: ServiceRequest): Answer {
    const { offer, id, change } = place;
    const { method } = request;
    if (id === undefined) {
      if (method === 'GET') return list(offer, book, request.query);
      return method === 'POST' && offer.once !== 'id' ? this.make(offer, book, request) : wrongMethod(method);
    }
    if (method === 'PUT' && change === undefined && offer.once === 'id') return this.makeWithId(offer, book, id, request);
    const entry = book.get(id);
    if (entry === undefined) return refusal(404, 'not_found', `${id} does not exist`);
    if (change === undefined) return method === 'GET' ? json(200, entry) : wrongMethod(method);
    return this.change(place, book, entry, request);
  }

  private make(offer: Offer, book: Book, { body, idempotencyKey }: ServiceRequest): Answer {
    const parsed = offer.body.parse(JSON.parse(body));
    const refused = offer.refuses?.(parsed as never);
    if (refused !== undefined) return refusal(refused.status, refused.code, refused.message);
    const fields = offer.fields?.(parsed as never) ?? parsed;
    if (offer.once !== 'key' || idempotencyKey === undefined) return this.made(offer, book.make(fields));
    const before = book.byKey(idempotencyKey, body);
    if (before !== undefined)
      return before.same ? json(200, before.entry) : refusal(409, 'idempotency_key_reused', 'this key came with another body');
    const entry = book.make(fields);
    book.remember(idempotencyKey, body, entry);
    return this.made(offer, entry);
  }

  private makeWithId(offer: Offer, book: Book, id: string, { body }: ServiceRequest): Answer {
    const parsed = offer.body.parse(JSON.parse(body));
    const known = book.get(id);
    if (known === undefined) return this.made(offer, book.make(parsed, id));
    return json(200, sameFields(known, parsed) ? known : book.change(known, parsed));
  }

  private change({ offer, change = '' }: Place, book: Book, entry: Entry, { method, body }: ServiceRequest): Answer {
    const wanted = Object.hasOwn(offer.changes ?? {}, change) ? offer.changes?.[change] : undefined;
    if (wanted === undefined) return refusal(404, 'not_found', `${entry.id} has no ${change}`);
    if (method !== wanted.method) return wrongMethod(method);
    const fields = wanted.fields(wanted.body.parse(body === '' ? {} : JSON.parse(body)) as never, entry);
    if (sameFields(entry, fields)) return json(200, entry);
    const changed = book.change(entry, fields);
    if (wanted.event !== undefined) this.events.happened(wanted.event, changed);
    return json(200, changed);
  }

  private made(offer: Offer, entry: Entry): Answer {
    if (offer.event !== undefined) this.events.happened(offer.event, entry);
    return json(201, entry);
  }
}

const sameFields = (entry: Entry, fields: object): boolean =>
  Object.entries(fields).every(([field, value]) => JSON.stringify(entry[field]) === JSON.stringify(value));

/** `?updated_since=&cursor=&limit=` and the collection's own filter. The cursor is the last `updated_at`. */
function list(offer: Offer, book: Book, query: URLSearchParams): Answer {
  const limit = integer(query, 'limit', { from: 1, to: 1_000, otherwise: 100 });
  const filtered = offer.filter === undefined ? null : query.get(offer.filter);
  const { entries, hasMore } = book.list({
    ...named('since', query.get('updated_since')),
    ...named('after', query.get('cursor')),
    like: offer.filter === undefined || filtered === null ? {} : { [offer.filter]: filtered },
    limit,
  });
  const next = hasMore ? (entries.at(-1)?.updated_at ?? null) : null;
  return { ...json(200, { data: entries, has_more: hasMore, next_cursor: next }), rows: entries.length };
}

const named = <K extends string>(key: K, value: string | null): Partial<Record<K, string>> =>
  value === null ? {} : ({ [key]: value } as Record<K, string>);

const wrongMethod = (method: string): Answer => refusal(405, 'method_not_allowed', `${method} is not offered here`);
