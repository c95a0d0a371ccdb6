import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Cursor } from '../cursors/cursor.js';
import { isObject } from '../manifest/tree.js';
import type { Scope } from '../manifest/interpolation.js';
import { withoutWholeFloats } from '../partitions/plan-value.js';
import { canonicalJson } from './canonical-json.js';

/** Above so many partitions Airbyte keeps one cursor for all of them. */
export const PARTITIONS_WITH_OWN_CURSOR = 10_000;

export interface PartitionEntry {
  partition: JsonObject;
  cursor: JsonObject;
}

/** Airbyte's state of a stream with partitions, read. */
export interface PartitionedState {
  /** By partitionKey, oldest first. */
  readonly entries: ReadonlyMap<string, PartitionEntry>;
  /** What partitions without a cursor of their own begin with; null: the configuration's start. */
  readonly global: JsonObject | null;
  /** One cursor for all. */
  readonly useGlobal: boolean;
  /** Seconds that the last run took: what a partition without an own cursor looks further back, since it may have been read early in it. */
  readonly lookback: number;
  readonly parents: JsonObject | null;
}

export const partitionKey = (partition: JsonValue): string => canonicalJson(withoutWholeFloats(partition));

/**
 * Reads every form there is: per partition, global, and the legacy ones, where the whole state is one cursor that counts for all partitions.
 * `global`: what the manifest wants for a stream without a state; a state says itself which it is.
 */
export function readPartitionedState(
  state: JsonObject | null,
  { cursor, global, scope }: { cursor: Cursor; global: boolean; scope: Scope },
): PartitionedState {
  const none = { entries: new Map(), global: null, useGlobal: global, lookback: 0, parents: null };
  if (state === null || Object.keys(state).length === 0) return none;
  const parents = isObject(state['parent_state']) && Object.keys(state['parent_state']).length > 0 ? state['parent_state'] : null;
  const shared = (value: JsonValue | undefined): JsonObject | null => (isObject(value) ? cursor.shifted(value, 0, scope) : null);
  if (state['states'] === undefined && state['state'] === undefined) return { ...none, global: shared(state), parents: parents };
  return {
    entries: new Map(entriesOf(state).map((entry) => [partitionKey(entry.partition), entry])),
    global: shared(state['state']),
    useGlobal: state['use_global_cursor'] === true,
    lookback: Math.trunc(Number(state['lookback_window'] ?? 0)) || 0,
    parents: parents,
  };
}

/** The state that a partition's own cursor begins with. */
export function initialCursor(
  known: PartitionedState,
  partition: JsonValue,
  { cursor, scope }: { cursor: Cursor; scope: Scope },
): JsonObject | null {
  return known.entries.get(partitionKey(partition))?.cursor ?? cursor.shifted(known.global, known.lookback, scope);
}

function entriesOf(state: JsonObject): PartitionEntry[] {
  const states = state['states'];
  if (!Array.isArray(states)) return [];
  return states.flatMap((entry: JsonValue): PartitionEntry[] =>
    isObject(entry) && isObject(entry['partition']) && isObject(entry['cursor'])
      ? [{ partition: entry['partition'], cursor: entry['cursor'] }]
      : [],
  );
}
