import { SluiceError } from '../../../libs/errors/index.js';
import type { Page } from '../../../libs/contracts/page.schema.js';
import type { PageResult } from '../../../libs/store/index.js';

/** A cursor is opaque to callers: where a list goes on, in base64url, with the list's name so that one list's cursor is not taken by another. */
export function encodeCursor(list: string, after: string | number): string {
  return Buffer.from(JSON.stringify([list, after])).toString('base64url');
}

function decode(list: string, cursor: string): unknown {
  try {
    const parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
    if (Array.isArray(parsed) && parsed[0] === list) return parsed[1];
  } catch {
    // falls through to the same answer
  }
  return undefined;
}

const refuse = (): SluiceError =>
  new SluiceError('VALIDATION_FAILED', {
    detail: 'in the query',
    errors: [{ path: '/cursor', message: 'is not a cursor of this list; send `next_cursor` as it came' }],
  });

/** Errors: VALIDATION_FAILED. */
export function numberCursor(list: string, cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const after = decode(list, cursor);
  if (typeof after !== 'number' || !Number.isSafeInteger(after)) throw refuse();
  return after;
}

/** Errors: VALIDATION_FAILED. */
export function textCursor(list: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const after = decode(list, cursor);
  if (typeof after !== 'string') throw refuse();
  return after;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Errors: VALIDATION_FAILED. */
export function idCursor(list: string, cursor: string | undefined): string | null {
  const after = textCursor(list, cursor);
  if (after !== null && !UUID.test(after)) throw refuse();
  return after;
}

/** A repository's page as the API answers it. */
export function pageOfResult<Row, Item>(list: string, result: PageResult<Row>, view: (row: Row) => Item): Page<Item> {
  return { data: result.rows.map(view), next_cursor: result.next === null ? null : encodeCursor(list, result.next) };
}

/** For repositories that hand out one row too many and a text to go on from. */
export function pageOfRows<Row, Item>(
  list: string,
  request: { rows: readonly Row[]; limit: number; after: (row: Row) => string | number; view: (row: Row) => Item },
): Page<Item> {
  const rows = request.rows.slice(0, request.limit);
  const last = rows.at(-1);
  const more = request.rows.length > request.limit && last !== undefined;
  return { data: rows.map(request.view), next_cursor: more ? encodeCursor(list, request.after(last)) : null };
}
