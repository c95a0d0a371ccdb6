import type { JsonObject } from '../../contracts/json.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import { stateProgress } from '../state/state-progress.js';
import type { StreamModel } from './stream-model.js';

/** The state after one slice more: pure, and right in whatever order slices complete. */
export function completeSlice(
  model: StreamModel,
  config: JsonObject,
  { slice, position, state }: { slice: Slice; position: Position | null; state: StreamState },
): StreamState {
  const progress = stateProgress(model, { config, state, plannedMs: 0 });
  progress.add(slice, position);
  return progress.state({ whole: false, seconds: 0 });
}
