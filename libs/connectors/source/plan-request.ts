import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Slice } from '../../contracts/stream.js';
import type { Environment } from './environment.js';
import type { StreamModel } from './stream-model.js';

export interface PlanRequest {
  state: JsonObject | null;
  nowMs: number;
  /** Where to go on: what came with the last slice of an earlier piece of the plan. */
  after: JsonValue | null;
  signal: AbortSignal;
}

/** A slice, and where the plan goes on after it. */
export interface PlannedSlice {
  slice: Slice;
  after: JsonValue;
}

/** Plans a stream: its slices in a fixed order. */
export type Planner = (stream: StreamModel, environment: Environment, request: PlanRequest) => AsyncIterable<PlannedSlice>;
