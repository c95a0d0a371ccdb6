import { json, refusal, type Answer } from './answer.js';
import { isEntity, tickOf, type Entity } from './entities.js';
import { BadParameter, encodeCursor, parsePageRequest, selectPage, type Page, type PageRequest, type View } from './paging.js';
import { customerOfOrder } from './records.js';
import type { Key } from './order-log.js';
import type { Shop } from './shop.js';

export type Route =
  | { readonly kind: 'list'; readonly entity: Entity }
  | { readonly kind: 'linked'; readonly entity: Entity }
  | { readonly kind: 'one'; readonly entity: Entity; readonly id: number }
  | { readonly kind: 'customer_orders'; readonly entity: 'orders'; readonly customerId: number };

/** `/shop/{entity}`, `/shop/{entity}/linked`, `/shop/{entity}/{id}` and `/shop/customers/{id}/orders`. */
export function parseRoute(path: string): Route | undefined {
  const [, root, entity, second, third, ...rest] = path.split('/');
  if (root !== 'shop' || entity === undefined || !isEntity(entity) || rest.length > 0) return undefined;
  if (second === undefined) return { kind: 'list', entity };
  if (second === 'linked' && third === undefined) return { kind: 'linked', entity };
  if (!/^[1-9]\d{0,8}$/.test(second)) return undefined;
  if (third === undefined) return { kind: 'one', entity, id: Number(second) };
  return entity === 'customers' && third === 'orders'
    ? { kind: 'customer_orders', entity: 'orders', customerId: Number(second) }
    : undefined;
}

export interface DataRequest {
  readonly route: Route;
  readonly query: URLSearchParams;
  /** Scheme and authority by which the client came, for links. */
  readonly origin: string;
  readonly path: string;
  readonly maxLimit: number;
}

/** What the shop answers when nothing goes wrong: 200, 400 or 404. */
export function answerData(shop: Shop, request: DataRequest): Answer {
  try {
    return route(shop, request);
  } catch (error) {
    if (error instanceof BadParameter) return refusal(400, 'bad_parameter', error.message);
    throw error;
  }
}

function route(shop: Shop, request: DataRequest): Answer {
  const { route } = request;
  switch (route.kind) {
    case 'one': {
      const log = shop.log(route.entity);
      const run = log.runOf(route.id);
      if (run === undefined) return refusal(404, 'not_found', `${route.entity} ${route.id} does not exist`);
      const position = log.upTo({ tick: tickOf(run, route.id), id: route.id });
      return { ...json(200, null), body: shop.pages.rows(route.entity, log, position - 1, position), rows: 1 };
    }
    case 'list':
    case 'linked': {
      const log = shop.log(route.entity);
      const asked = parsePageRequest(request.query, { scope: route.entity, maxLimit: request.maxLimit });
      const page = selectPage(log, asked);
      const rows = shop.pages.rows(route.entity, log, page.from, page.to);
      return route.kind === 'list' ? envelope(route.entity, asked, page, rows) : linked(route.entity, request, asked, page, rows);
    }
    case 'customer_orders':
      return customerOrders(shop, request, route.customerId);
  }
}

/** A customer's orders lie `sizes.customers` ids apart, so they are found by arithmetic; then they are put into the shop's order. */
function customerOrders(shop: Shop, { query, maxLimit }: DataRequest, customerId: number): Answer {
  if (shop.log('customers').runOf(customerId) === undefined)
    return refusal(404, 'not_found', `customer ${customerId} does not exist`);
  const log = shop.log('orders');
  const { sizes } = shop;
  const keys: Key[] = [];
  for (let id = customerId; id <= log.maxId() && customerOfOrder(id, sizes) === customerId; id += Math.max(1, sizes.customers)) {
    const run = log.runOf(id);
    if (run !== undefined) keys.push({ tick: tickOf(run, id), id });
  }
  keys.sort((x, y) => x.tick - y.tick || x.id - y.id);
  const scope = `customers/${customerId}/orders`;
  const asked = parsePageRequest(query, { scope, maxLimit });
  const page = selectPage(listView(keys), asked);
  const rows = keys.slice(page.from, page.to).flatMap((key, index) => {
    const position = log.upTo(key);
    return [...(index > 0 ? [COMMA] : []), ...shop.pages.rows('orders', log, position - 1, position)];
  });
  return envelope(scope, asked, page, rows);
}

const listView = (keys: readonly Key[]): View => ({
  total: keys.length,
  below: (tick) => keys.filter((key) => key.tick < tick).length,
  upTo: ({ tick, id }) => keys.filter((key) => key.tick < tick || (key.tick === tick && key.id <= id)).length,
  keyAt: (position) => keys[position] as Key,
});

const COMMA = Buffer.from(',');
const HEAD = Buffer.from('{"data":[');

function envelope(scope: string, { start, limit }: PageRequest, page: Page, rows: Buffer[]): Answer {
  const tail = {
    has_more: page.hasMore,
    next_cursor: page.next === undefined ? null : encodeCursor(scope, page.next),
    total: page.total,
    page: start.style === 'page' ? start.page : null,
    total_pages: page.pages,
    limit,
  };
  return {
    ...json(200, null),
    body: [HEAD, ...rows, Buffer.from(`],${JSON.stringify(tail).slice(1)}`)],
    rows: page.to - page.from,
  };
}

/** A bare array; the next page is named by the Link header (RFC 8288) alone. */
function linked(scope: string, { origin, path, query }: DataRequest, { limit }: PageRequest, page: Page, rows: Buffer[]): Answer {
  const next = new URLSearchParams(query);
  for (const name of ['page', 'offset', 'per_page']) next.delete(name);
  next.set('limit', String(limit));
  if (page.next !== undefined) next.set('cursor', encodeCursor(scope, page.next));
  const headers: Record<string, string> =
    page.next === undefined ? {} : { link: `<${origin}${path}?${next.toString()}>; rel="next"` };
  return { ...json(200, null, headers), body: [Buffer.from('['), ...rows, Buffer.from(']')], rows: page.to - page.from };
}
