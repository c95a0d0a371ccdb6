import type { JsonObject } from '../../contracts/json.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import { partitionStates, withPartition } from '../state/partition-state.js';
import { readSpec, scopeOf } from './environment.js';
import { parsePosition } from './read-slice.js';
import type { StreamModel } from './stream-model.js';

/** The state after a slice: pure, and right in whatever order slices complete. */
export function completeSlice(
  model: StreamModel,
  config: JsonObject,
  { slice, position, state }: { slice: Slice; position: Position | null; state: StreamState },
): StreamState {
  const spec = readSpec(slice);
  const { cursor, retriever } = model;
  // Airbyte's mark for streams that keep no state.
  if (cursor === null || spec.window === null) return { __ab_no_cursor_state_message: true };
  const scope = scopeOf(config, 0, spec);
  const { highest } = parsePosition(position);
  const advance = (from: JsonObject | null): JsonObject =>
    cursor.complete({ state: from, window: spec.window as NonNullable<typeof spec.window>, highest, scope });
  if (!retriever.partitioned) return advance(state);
  const { values } = spec.partition;
  const next = advance(partitionStates(state).of(values));
  return withPartition({
    state,
    partition: values,
    cursor: next,
    hasParents: retriever.router.hasParents,
    later: (a, b) => cursor.later(a, b, scope),
  });
}
