import { FIRST_UPDATE_MS, TICK_MS } from './entities.js';
import type { Key } from './order-log.js';

/** Rows in the shop's order, by position. */
export interface View {
  readonly total: number;
  below(tick: number): number;
  upTo(key: Key): number;
  keyAt(position: number): Key;
}

/** Where a page begins, one of the three styles that a client may choose by its parameters. */
type Start =
  | { readonly style: 'cursor'; readonly after: Key | undefined }
  | { readonly style: 'page'; readonly page: number }
  | { readonly style: 'offset'; readonly offset: number };

export interface PageRequest {
  readonly start: Start;
  readonly limit: number;
  /** Ticks, both inclusive. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** Positions `from..to-1` of the view; `total` and `pages` count what the filter leaves. */
export interface Page {
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly pages: number;
  readonly hasMore: boolean;
  /** Key of the last record, where the cursor for what follows begins; undefined at the end. */
  readonly next: Key | undefined;
}

/** A parameter the shop does not take; answered with 400. */
export class BadParameter extends Error {
  constructor(
    readonly parameter: string,
    readonly expected: string,
  ) {
    super(`${parameter}: expected ${expected}`);
  }
}

const DEFAULT_LIMIT = 100;

/** Reads `page`+`per_page`, `offset`+`limit` or `cursor`+`limit`, and the window `updated_since`/`updated_until`, both inclusive. */
export function parsePageRequest(query: URLSearchParams, options: { scope: string; maxLimit: number }): PageRequest {
  const styles = ['cursor', 'page', 'offset'].filter((name) => query.has(name));
  if (styles.length > 1) throw new BadParameter(styles.join(', '), 'only one of them');
  const limitName = query.has('per_page') ? 'per_page' : 'limit';
  return {
    start: parseStart(query, options.scope),
    limit: integer(query, limitName, { from: 1, to: options.maxLimit, otherwise: Math.min(DEFAULT_LIMIT, options.maxLimit) }),
    since: parseTick(query, 'updated_since', Math.ceil),
    until: parseTick(query, 'updated_until', Math.floor),
  };
}

export function selectPage(view: View, { start, limit, since, until }: PageRequest): Page {
  const low = since === undefined ? 0 : view.below(since);
  const high = Math.max(low, until === undefined ? view.total : view.below(until + 1));
  const from = Math.min(high, firstPosition(view, start, limit, low));
  const to = Math.min(high, from + limit);
  const total = high - low;
  const hasMore = to < high;
  return { from, to, total, pages: Math.ceil(total / limit), hasMore, next: hasMore ? view.keyAt(to - 1) : undefined };
}

/** Opaque to clients: the key of the last record seen and whose list it belongs to, so that it is right whatever changed since. */
export const encodeCursor = (scope: string, { tick, id }: Key): string =>
  Buffer.from(`${scope}:${tick}:${id}`).toString('base64url');

export function decodeCursor(scope: string, cursor: string): Key {
  const [, found, tick, id] = /^(.*):(\d+):(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (found !== scope) throw new BadParameter('cursor', 'a next_cursor of this list');
  return { tick: Number(tick), id: Number(id) };
}

function firstPosition(view: View, start: Start, limit: number, low: number): number {
  switch (start.style) {
    case 'cursor':
      return start.after === undefined ? low : Math.max(low, view.upTo(start.after));
    case 'page':
      return low + (start.page - 1) * limit;
    case 'offset':
      return low + start.offset;
  }
}

function parseStart(query: URLSearchParams, scope: string): Start {
  if (query.has('page')) return { style: 'page', page: integer(query, 'page', { from: 1, otherwise: 1 }) };
  if (query.has('offset')) return { style: 'offset', offset: integer(query, 'offset', { from: 0, otherwise: 0 }) };
  const cursor = query.get('cursor');
  return { style: 'cursor', after: cursor ? decodeCursor(scope, cursor) : undefined };
}

/** A whole number from the query; throws BadParameter with the bounds that hold. */
export function integer(query: URLSearchParams, name: string, rule: { from: number; to?: number; otherwise?: number }): number {
  const text = query.get(name);
  const { from, to = Number.MAX_SAFE_INTEGER, otherwise } = rule;
  if (text === null && otherwise !== undefined) return otherwise;
  const value = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
  if (value >= from && value <= to) return value;
  throw new BadParameter(name, `an integer from ${from} to ${to}`);
}

function parseTick(query: URLSearchParams, name: string, round: (ticks: number) => number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new BadParameter(name, 'an ISO 8601 time such as 2020-01-31T12:00:00Z');
  return round((ms - FIRST_UPDATE_MS) / TICK_MS);
}
