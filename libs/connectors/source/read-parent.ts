import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Position, Slice } from '../../contracts/stream.js';
import { isObject } from '../manifest/tree.js';
import type { ParentPage, ParentStream, PartitionContext } from '../partitions/partition.js';
import { stateProgress } from '../state/state-progress.js';
import { readSpec, scopeOf, type Environment } from './environment.js';
import type { Planner } from './plan-request.js';
import { readStream } from './read-stream.js';
import type { StreamModel } from './stream-model.js';

interface ParentRequest {
  /** Of the stream whose parents are read; null: its parents are read from their beginning. */
  state: JsonObject | null;
  nowMs: number;
  signal: AbortSignal;
  /** States of parents that an earlier piece of the plan has read to their end. */
  known: JsonObject;
}

/** Where a parent was: its slice's place, the page, and what of it was completed (only where its state is kept). */
interface ParentPlace {
  s: JsonValue;
  p: JsonValue;
  q?: readonly (readonly [Slice, Position | null])[];
}

/** Reads the parents of one stream for its plan, and learns their states where the children's state keeps them. */
export class ParentReader {
  /** By the parent's name: its state after it was read to its end. Replaced, never changed. */
  states: JsonObject;

  constructor(
    /** Parents are planned as any stream is, and may have parents of their own. */
    private readonly plan: Planner,
    private readonly environment: Environment,
    private readonly request: ParentRequest,
  ) {
    this.states = request.known;
  }

  get context(): Pick<PartitionContext, 'signal' | 'readParent'> {
    return {
      signal: this.request.signal,
      readParent: (parent, from, options) => this.read(parent as StreamModel, from, options.incremental),
    };
  }

  private async *read(
    parent: StreamModel & ParentStream,
    from: JsonValue | null,
    incremental: boolean,
  ): AsyncGenerator<ParentPage> {
    const { environment } = this;
    const { nowMs, signal } = this.request;
    const resumed = (isObject(from) ? from : null) as ParentPlace | null;
    const state = incremental ? parentState(this.request.state, parent, scopeOf(environment.config, nowMs, null)) : null;
    let before: JsonValue = resumed?.s ?? null;
    let position: JsonValue = resumed?.p ?? null;
    let completed = resumed?.q ?? [];
    const kept = (): { q?: typeof completed } => (incremental && completed.length > 0 ? { q: completed } : {});
    for await (const { slice, after } of this.plan(parent, environment, { state, nowMs, after: before, signal })) {
      const spec = readSpec(slice);
      let begun = 0;
      for await (const page of readStream(parent, environment, { slice: spec, position, signal })) {
        yield {
          records: page.records.map((record) => ({ record, slice: spec.partition.values })),
          pageStart: { s: before, p: position, ...kept() } as unknown as JsonValue,
          before: begun,
        };
        // A part of a page has no place of its own.
        begun = page.position === null ? begun + page.records.length : 0;
        position = page.position ?? position;
      }
      if (incremental) completed = [...completed, [slice, position]];
      position = null;
      before = after;
    }
    if (!incremental) return;
    const progress = stateProgress(parent, { config: environment.config, state, plannedMs: nowMs });
    for (const [slice, reached] of completed) progress.add(slice, reached);
    this.states = { ...this.states, [parent.name]: progress.state({ whole: true, seconds: 1 }) ?? {} };
  }
}

/**
 * What the children's state says of a parent: its own state, else the children's common cursor, else (a legacy form) their only cursor value
 * under the parent's name for it.
 */
function parentState(
  state: JsonObject | null,
  parent: StreamModel,
  scope: Parameters<NonNullable<StreamModel['cursor']>['field']>[0],
): JsonObject | null {
  const { __ab_no_cursor_state_message: _mark, ...rest } = state ?? {};
  const parents = rest['parent_state'];
  const own = isObject(parents) ? parents[parent.name] : undefined;
  if (isObject(own)) return own;
  if (isObject(rest['state'])) return rest['state'];
  const [value, ...others] = Object.values(rest);
  const scalar = typeof value === 'string' || typeof value === 'number';
  return scalar && others.length === 0 && parent.cursor !== null ? { [parent.cursor.field(scope)]: value } : null;
}
