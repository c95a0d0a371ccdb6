import { createHash } from 'node:crypto';
import type { JsonObject } from '../../contracts/json.js';
import type { Slice } from '../../contracts/stream.js';
import type { CursorWindow } from './cursor-state.policy.js';
import type { CursorOrder } from './cursor-window.policy.js';

/**
 * A part of a table: all of it, a range of its key's first column from `from` (null: the lowest) to before `to` (null: the end), a range of its
 * blocks (as far as it goes, where `to` is null), or a window of its cursor.
 */
export type SliceSpec =
  | { kind: 'all' }
  | { kind: 'keys'; from: string | null; to: string | null }
  | { kind: 'blocks'; from: number; to: number | null }
  | ({ kind: 'window'; cursor: string; order: CursorOrder } & CursorWindow);

/** The id is a digest: bounds are values of records. Pure. */
export function toSlice(spec: SliceSpec): Slice {
  const digest = createHash('sha256').update(JSON.stringify(spec)).digest('base64url').slice(0, 22);
  return { id: `${spec.kind}-${digest}`, spec: spec as unknown as JsonObject, partition: '' };
}

export const specOf = (slice: Slice): SliceSpec => slice.spec as unknown as SliceSpec;
