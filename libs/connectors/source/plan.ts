import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Slice } from '../../contracts/stream.js';
import type { ParentRecord, ParentStream, Partition } from '../partitions/partition.js';
import { isObject } from '../manifest/tree.js';
import { partitionStates } from '../state/partition-state.js';
import { canonicalJson } from '../state/canonical-json.js';
import { readSpec, scopeOf, writeSpec, type Environment } from './environment.js';
import { readSlice } from './read-slice.js';
import type { StreamModel } from './stream-model.js';

export interface PlanRequest {
  state: JsonObject | null;
  nowMs: number;
  after: JsonValue | null;
  signal: AbortSignal;
}

/**
 * A stream's slices in a fixed order, each with where the plan goes on after it. Parents are read page by page while the caller asks, so a
 * plan of any length needs no memory; going on costs one request of the parent.
 */
export async function* planSlices(
  model: StreamModel,
  environment: Environment,
  request: PlanRequest,
): AsyncGenerator<{ slice: Slice; after: JsonValue }> {
  const { retriever, cursor } = model;
  const scope = scopeOf(environment.config, request.nowMs, null);
  const resumed = isObject(request.after) ? request.after : null;
  let before: JsonValue = resumed?.['r'] ?? null;
  let index = Number(resumed?.['w'] ?? 0);
  const states = retriever.partitioned ? partitionStates(request.state) : null;
  const context = {
    scope,
    signal: request.signal,
    readParent: (parent: ParentStream, from: JsonValue | null) =>
      readParent(parent as StreamModel, environment, { ...request, from }),
  };
  for await (const { partition, after } of retriever.router.partitions(context, before)) {
    const name = retriever.partitioned ? partitionName(partition) : '';
    const state = states === null ? request.state : states.of(partition.values);
    const windows = cursor === null ? [null] : cursor.windows(state, scope);
    for (; index < windows.length; index++) {
      const window = windows[index] ?? null;
      const id = [name, window === null ? '' : `${window.start}..${window.end}`].filter((part) => part !== '').join('@') || 'all';
      yield { slice: { id, spec: writeSpec({ partition, window }), partition: name }, after: { r: before, w: index + 1 } };
    }
    index = 0;
    before = after;
  }
}

/** All records of a parent, from its beginning or from a page that an earlier piece of the plan reached. */
async function* readParent(
  parent: StreamModel,
  environment: Environment,
  { nowMs, signal, from }: { nowMs: number; signal: AbortSignal; from: JsonValue | null },
): AsyncGenerator<{ records: ParentRecord[]; pageStart: JsonValue }> {
  const resumed = isObject(from) ? from : null;
  let before: JsonValue = resumed?.['s'] ?? null;
  let position: JsonValue = resumed?.['p'] ?? null;
  for await (const { slice, after } of planSlices(parent, environment, { state: null, nowMs, after: before, signal })) {
    const spec = readSpec(slice);
    for await (const page of readSlice(parent, environment, { slice: spec, position, signal })) {
      yield {
        records: page.records.map((record) => ({ record, slice: spec.partition.values })),
        pageStart: { s: before, p: position },
      };
      position = page.position;
    }
    position = null;
    before = after;
  }
}

/** Stable, short, and without the partition's values, which may be a record's. */
const partitionName = ({ values }: Partition): string =>
  createHash('sha256').update(canonicalJson(values)).digest('base64url').slice(0, 22);
