import type { JsonObject } from '../../contracts/json.js';
import type { Reached, StateProgress } from '../../contracts/source.port.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import type { Cursor } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import { readSpec, scopeOf } from '../source/environment.js';
import { wasSkipped } from '../async/job-position.js';
import { parsePosition } from '../source/read-position.js';
import { DelegatedProgress, wayFrom } from '../source/state-delegation.js';
import type { StreamModel } from '../source/stream-model.js';
import { PartitionedProgress } from './partitioned-progress.js';

/** Airbyte's mark for streams that keep no state. */
export const NO_CURSOR_STATE: JsonObject = { __ab_no_cursor_state_message: true };

export interface ProgressRequest {
  config: JsonObject;
  state: StreamState;
  /** When the plan was made, ms since the epoch. */
  plannedMs: number;
}

/** Folds completed slices into a stream's state: in any order, each as often as it comes. */
export function stateProgress(model: StreamModel, request: ProgressRequest): StateProgress {
  const { afterwards } = model;
  if (afterwards === undefined) return progressOf(model, request);
  const scope = scopeOf(request.config, request.plannedMs, null);
  return new DelegatedProgress(
    (after) => progressOf(after ? afterwards.stream : model, request),
    (slice) => readSpec(slice).after === true,
    wayFrom(model, request.state, scope).after,
  );
}

function progressOf(model: StreamModel, { config, state, plannedMs }: ProgressRequest): StateProgress {
  const { cursor, retriever } = model;
  if (cursor === null) return { add: () => undefined, state: () => NO_CURSOR_STATE, message: () => NO_CURSOR_STATE };
  const scope = scopeOf(config, plannedMs, null);
  const migrated = model.migrateState(state, scope);
  if (!retriever.partitioned) return new PlainProgress(cursor, scope, migrated);
  return new PartitionedProgress({ cursor, router: retriever.router, scope, state: migrated });
}

/** A stream with one cursor. */
class PlainProgress implements StateProgress {
  constructor(
    private readonly cursor: Cursor,
    private readonly scope: Scope,
    private current: JsonObject | null,
  ) {}

  add(slice: Slice, position: Position | null): void {
    const { window } = readSpec(slice);
    if (window === null || wasSkipped(position)) return;
    this.current = this.cursor.complete({
      state: this.current,
      window,
      highest: parsePosition(position).highest,
      scope: this.scope,
    });
  }

  state({ whole }: Reached): StreamState {
    return whole ? this.message() : this.current;
  }

  message(): JsonObject {
    return this.cursor.plain(this.current, this.scope);
  }
}
