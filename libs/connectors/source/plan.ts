import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { CursorWindow } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import type { Partition } from '../partitions/partition.js';
import { toPlan } from '../partitions/plan-value.js';
import { canonicalJson } from '../state/canonical-json.js';
import {
  initialCursor,
  partitionKey,
  PARTITIONS_WITH_OWN_CURSOR,
  readPartitionedState,
  type PartitionedState,
} from '../state/partitioned-state.js';
import { scopeOf, writeSpec, type Environment } from './environment.js';
import type { PlannedSlice, PlanRequest } from './plan-request.js';
import { ParentReader } from './read-parent.js';
import { wayFrom } from './state-delegation.js';
import type { StreamModel } from './stream-model.js';

/** The id of the slice that carries the parents' state, and the name of its partition. */
const PARENTS = 'parents';

/** Where a plan goes on: the router's place, the window in that partition, how many partitions came before, what parents have told. */
interface Place {
  r: JsonValue;
  w: number;
  n: number;
  m: JsonObject;
}

/**
 * A stream's slices in a fixed order, each with where the plan goes on after it. Parents are read page by page while the caller asks, so a
 * plan of any length needs no memory; going on costs one request of the parent.
 */
export async function* planSlices(
  stream: StreamModel,
  environment: Environment,
  request: PlanRequest,
): AsyncGenerator<PlannedSlice> {
  const scope = scopeOf(environment.config, request.nowMs, null);
  const { model, after: afterwards, state: from } = wayFrom(stream, request.state, scope);
  const { retriever, cursor } = model;
  const state = model.migrateState(from, scope);
  const resumed = (isObject(request.after) ? request.after : null) as Place | null;
  let before: JsonValue = resumed?.r ?? null;
  let index = resumed?.w ?? 0;
  let count = resumed?.n ?? 0;
  const parents = new ParentReader(planSlices, environment, {
    ...request,
    state: cursor === null ? null : state,
    known: resumed?.m ?? {},
  });
  const first = state === null || Object.keys(state).length === 0;
  const windowsOf = windower(model, state, scope);
  for await (const { partition, after } of retriever.router.partitions({ scope, first, ...parents.context }, before)) {
    const name = retriever.partitioned ? partitionName(partition) : '';
    const { windows, global } = windowsOf(partition, count);
    count += 1;
    for (; index < windows.length; index++) {
      const window = windows[index] ?? null;
      const place = window === null ? (name === '' ? '' : String(count)) : `${window.start}..${window.end}`;
      const id = [name, place].filter((part) => part !== '').join('@') || 'all';
      const spec = writeSpec({ partition, window, global, parents: null, after: afterwards });
      const here: Place = { r: before, w: index + 1, n: count - 1, m: parents.states };
      yield { slice: { id, spec, partition: name }, after: here as unknown as JsonValue };
    }
    index = 0;
    before = after;
  }
  const learned = parents.states;
  if (cursor === null || !retriever.router.hasParents || Object.keys(learned).length === 0) return;
  const spec = writeSpec({
    partition: { values: {}, extra: {} },
    window: null,
    global: false,
    parents: learned,
    after: afterwards,
  });
  yield { slice: { id: PARENTS, spec, partition: PARENTS }, after: { r: before, w: 0, n: count, m: learned } };
}

type Windower = (partition: Partition, count: number) => { windows: (CursorWindow | null)[]; global: boolean };

/** What is to be read of a partition. A stream without a cursor reads each as often as its parents name it, as Airbyte does. */
function windower({ retriever, cursor }: StreamModel, state: JsonObject | null, scope: Scope): Windower {
  if (cursor === null) return () => ({ windows: [null], global: false });
  if (!retriever.partitioned) {
    const windows = cursor.windows(state, scope);
    return () => ({ windows, global: false });
  }
  const known = readPartitionedState(state, { cursor, global: cursor.global || retriever.router.global, scope });
  // Most partitions begin alike: where nothing is known of them.
  const usual = cursor.windows(cursor.shifted(known.global, known.lookback, scope), scope);
  return ({ values }, count) => {
    const key = toPlan(values);
    const global = known.useGlobal || isCrowded(known, count);
    if (!known.entries.has(partitionKey(key))) return { windows: usual, global };
    return { windows: cursor.windows(initialCursor(known, key, { cursor, scope }), scope), global };
  };
}

/** `count`: partitions of this plan so far. One that its parents name twice counts twice here: the plan remembers none. */
const isCrowded = ({ entries }: PartitionedState, count: number): boolean =>
  Math.max(entries.size, count) > PARTITIONS_WITH_OWN_CURSOR;

/** Stable, short, and without the partition's values, which may be a record's. */
const partitionName = ({ values }: Partition): string =>
  createHash('sha256')
    .update(canonicalJson(toPlan(values)))
    .digest('base64url')
    .slice(0, 22);
