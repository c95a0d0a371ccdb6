import type { JsonObject } from '../../contracts/json.js';
import type { Position } from '../../contracts/stream.js';
import { isObject } from '../manifest/tree.js';
import type { Highest } from '../cursors/cursor.js';
import type { PageToken } from '../paginators/pagination-strategy.js';
import type { WindowPart } from './window-parts.js';

/** Where a reader was. */
export interface ReadPosition {
  /** Of the next page; null: the first one. */
  token: PageToken | null;
  done: boolean;
  /** The highest cursor value so far. */
  highest: Highest;
  /** The page size in use where the configured one was refused. */
  pageSize: number | null;
  /** What is left of the slice's window where it was split or narrowed, the part being read first; null: all of it. */
  parts: readonly WindowPart[] | null;
}

export function parsePosition(position: Position | null): ReadPosition {
  const fields: JsonObject = isObject(position) ? position : {};
  return {
    token: fields['t'] ?? null,
    done: fields['d'] === true,
    highest: {
      text: typeof fields['h'] === 'string' ? fields['h'] : null,
      zone: typeof fields['z'] === 'number' ? fields['z'] : 0,
      greatest: typeof fields['g'] === 'string' ? fields['g'] : null,
    },
    pageSize: typeof fields['s'] === 'number' ? fields['s'] : null,
    parts: Array.isArray(fields['w']) ? (fields['w'] as unknown as WindowPart[]) : null,
  };
}

export const formatPosition = ({ token, done, highest, pageSize, parts }: ReadPosition): Position => ({
  ...(token === null ? {} : { t: token }),
  ...(done ? { d: true } : {}),
  ...(highest.text === null ? {} : { h: highest.text }),
  ...(highest.zone === 0 ? {} : { z: highest.zone }),
  ...(highest.greatest === null ? {} : { g: highest.greatest }),
  ...(pageSize === null ? {} : { s: pageSize }),
  ...(parts === null ? {} : { w: parts.map(({ start, end, depth }) => ({ start, end, depth })) }),
});

/** Where another part of the same slice begins: what the parts before it reached is kept. */
export const partBeginning = (position: Position | null): Position =>
  formatPosition({ ...parsePosition(position), token: null, done: false, pageSize: null, parts: null });
