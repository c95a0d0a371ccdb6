import type { JsonObject } from '../../contracts/json.js';
import type { Reached, StateProgress } from '../../contracts/source.port.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';

/** A progress over a stream that is known only once its plan was asked for. Until then the state is what it was. */
export class LazyProgress implements StateProgress {
  private opened: StateProgress | undefined;

  constructor(
    private readonly isKnown: () => boolean,
    private readonly open: () => StateProgress,
    private readonly before: StreamState,
  ) {}

  add(slice: Slice, position: Position | null): void {
    (this.opened ??= this.open()).add(slice, position);
  }

  state(reached: Reached): StreamState {
    return this.now()?.state(reached) ?? this.before;
  }

  message(reached: Reached): JsonObject {
    return this.now()?.message(reached) ?? this.before ?? {};
  }

  private now(): StateProgress | undefined {
    if (this.opened === undefined && this.isKnown()) this.opened = this.open();
    return this.opened;
  }
}
