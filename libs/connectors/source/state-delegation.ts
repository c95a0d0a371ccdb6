import type { JsonObject } from '../../contracts/json.js';
import type { Reached, StateProgress } from '../../contracts/source.port.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { str, truthy } from '../template/values.js';
import { addDuration, parseDuration } from '../time/duration.js';
import type { SliceSpec } from './environment.js';
import type { StreamModel } from './stream-model.js';

/** The way in which a slice was planned. */
export const wayOf = (model: StreamModel, { after }: Pick<SliceSpec, 'after'>): StreamModel =>
  after === true ? (model.afterwards?.stream ?? model) : model;

/**
 * How a stream is read from a state, and from which: one that the source's own memory does not reach back to is dropped, and all is read
 * again. Throws CONFIG_INVALID for a retention period that is no duration.
 */
export function wayFrom(
  model: StreamModel,
  state: JsonObject | null,
  scope: Scope,
): { model: StreamModel; after: boolean; state: JsonObject | null } {
  const { afterwards } = model;
  if (afterwards === undefined) return { model, after: false, state };
  if (state === null || Object.keys(state).length === 0) return { model, after: false, state: null };
  const { stream, retention } = afterwards;
  const period = retention?.evaluate(scope, null);
  if (!truthy(period)) return { model: stream, after: true, state };
  const duration = parseDuration(str(period));
  if (duration === null)
    throw new SluiceError('CONFIG_INVALID', {
      detail: `the retention period of the stream ${model.name} is no ISO 8601 duration`,
    });
  const oldest = addDuration(scope.nowMs * 1_000, duration, -1);
  const reached = reachedBy(model, state, scope) ?? reachedBy(stream, state, scope);
  return reached !== null && reached >= oldest ? { model: stream, after: true, state } : { model, after: false, state: null };
}

/** How far a state reaches, µs since the epoch; null: the stream cannot tell. */
function reachedBy({ cursor, retriever }: StreamModel, state: JsonObject, scope: Scope): number | null {
  // A stream without a cursor leaves a mark that it was read to its end: that is fresh whatever its age.
  if (cursor === null) return state['__ab_no_cursor_state_message'] === true ? scope.nowMs * 1_000 : null;
  const own = retriever.partitioned ? state['state'] : state;
  return isObject(own) ? (cursor.reached?.(own, scope) ?? null) : null;
}

/** Folds slices into the state, each in the way in which it was planned. */
export class DelegatedProgress implements StateProgress {
  private readonly opened = new Map<boolean, StateProgress>();

  constructor(
    private readonly open: (after: boolean) => StateProgress,
    private readonly afterOf: (slice: Slice) => boolean,
    /** The way that the plan takes, where it has no slice. */
    private way: boolean,
  ) {}

  add(slice: Slice, position: Position | null): void {
    this.way = this.afterOf(slice);
    this.current.add(slice, position);
  }

  state(reached: Reached): StreamState {
    return this.current.state(reached);
  }

  message(reached: Reached): JsonObject {
    return this.current.message(reached);
  }

  private get current(): StateProgress {
    const known = this.opened.get(this.way) ?? this.open(this.way);
    this.opened.set(this.way, known);
    return known;
  }
}
