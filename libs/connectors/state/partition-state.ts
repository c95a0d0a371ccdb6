import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { isObject } from '../manifest/tree.js';
import { canonicalJson } from './canonical-json.js';

/** Reads Airbyte's per-partition state: the cursor of a partition, the global one where that is in use, or null. */
export function partitionStates(state: JsonObject | null): { of(partition: JsonObject): JsonObject | null } {
  const global = state?.['use_global_cursor'] === true && isObject(state['state']) ? state['state'] : null;
  const known = new Map(entriesOf(state).map(({ partition, cursor }) => [canonicalJson(partition), cursor]));
  return { of: (partition) => known.get(canonicalJson(partition)) ?? global };
}

/**
 * The state after one partition moved on. `state` is the highest of all partitions' cursors, `lookback_window` stays as it was.
 * `later` says which of two cursors is ahead.
 */
export function withPartition(input: {
  state: JsonObject | null;
  partition: JsonObject;
  cursor: JsonObject;
  hasParents: boolean;
  later: (a: JsonObject, b: JsonObject) => JsonObject;
}): JsonObject {
  const { state, partition, cursor, hasParents, later } = input;
  const key = canonicalJson(partition);
  const entries = entriesOf(state);
  const index = entries.findIndex((entry) => canonicalJson(entry.partition) === key);
  const states = index < 0 ? [...entries, { partition, cursor }] : entries.with(index, { partition, cursor });
  const global = isObject(state?.['state']) ? later(state['state'], cursor) : cursor;
  return {
    ...state,
    use_global_cursor: state?.['use_global_cursor'] === true,
    states: states as unknown as JsonValue,
    state: global,
    ...(hasParents ? { parent_state: state?.['parent_state'] ?? {} } : {}),
  };
}

interface Entry {
  partition: JsonObject;
  cursor: JsonObject;
}

function entriesOf(state: JsonObject | null): Entry[] {
  const states = state?.['states'];
  if (!Array.isArray(states)) return [];
  return states.flatMap((entry): Entry[] =>
    isObject(entry) && isObject(entry['partition']) && isObject(entry['cursor'])
      ? [{ partition: entry['partition'], cursor: entry['cursor'] }]
      : [],
  );
}
