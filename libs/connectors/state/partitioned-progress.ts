import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Reached, StateProgress } from '../../contracts/source.port.js';
import type { Position, Slice, StreamState } from '../../contracts/stream.js';
import type { Cursor } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import type { PartitionRouter } from '../partitions/partition.js';
import { fromPlan, toPlan } from '../partitions/plan-value.js';
import { readSpec } from '../source/environment.js';
import { wasSkipped } from '../async/job-position.js';
import { parsePosition } from '../source/read-position.js';
import {
  initialCursor,
  partitionKey,
  readPartitionedState,
  type PartitionedState,
  type PartitionEntry,
} from './partitioned-state.js';

interface Options {
  cursor: Cursor;
  router: PartitionRouter;
  scope: Scope;
  state: JsonObject | null;
}

/**
 * A stream with a cursor for each partition, or one for all. What partitions share (the global cursor, the parents' state, the length of the
 * run) moves only when everything was read, as in Airbyte: it stands for partitions that have nothing of their own.
 */
export class PartitionedProgress implements StateProgress {
  private readonly before: PartitionedState;
  private readonly entries: Map<string, PartitionEntry>;
  private readonly touched = new Set<string>();
  private highest: Highest;
  private sawRecord = false;
  private switched = false;
  private parents: JsonObject = {};

  constructor(private readonly options: Options) {
    const { cursor, router, scope, state } = options;
    this.before = readPartitionedState(state, { cursor, global: cursor.global || router.global, scope });
    this.entries = new Map(this.before.entries);
    this.highest = (this.before.global?.[cursor.field(scope)] as string | undefined) ?? null;
  }

  add(slice: Slice, position: Position | null): void {
    const { partition, window, global, parents } = readSpec(slice);
    if (parents !== null) this.parents = parents;
    if (window === null || wasSkipped(position)) return;
    const { highest } = parsePosition(position);
    if (highest.text !== null) {
      this.sawRecord = true;
      this.highest = later(later(this.highest, highest.text), highest.greatest ?? highest.text);
    }
    if (global) {
      this.switched = true;
      return;
    }
    const { cursor, scope } = this.options;
    const values = toPlan(partition.values) as JsonObject;
    const key = partitionKey(values);
    const state = this.entries.get(key)?.cursor ?? initialCursor(this.before, values, { cursor, scope });
    this.entries.set(key, { partition: values, cursor: cursor.complete({ state, window, highest, scope }) });
    this.touched.add(key);
  }

  state(reached: Reached): StreamState {
    return this.written(reached, reached.whole ? this.plain() : [...this.entries.values()]);
  }

  message(reached: Reached): JsonObject {
    return fromPlan(this.written(reached, this.plain())) as JsonObject;
  }

  private written({ whole, seconds }: Reached, entries: readonly PartitionEntry[]): JsonObject {
    const { cursor, router, scope } = this.options;
    const { before } = this;
    const useGlobal = before.useGlobal || (whole && this.switched);
    // As in Airbyte nothing moves where no record was seen.
    const moved = whole && this.sawRecord;
    const global = moved ? { [cursor.field(scope)]: this.reached() as JsonValue } : before.global;
    const parents = !whole ? before.parents : router.hasParents ? this.parents : null;
    return {
      use_global_cursor: useGlobal,
      ...(useGlobal ? {} : { states: entries as unknown as JsonValue }),
      ...(global === null ? {} : { state: global }),
      lookback_window: moved ? Math.max(1, Math.ceil(seconds)) : before.lookback,
      ...(parents === null ? {} : { parent_state: parents }),
    };
  }

  private plain(): PartitionEntry[] {
    const { cursor, scope } = this.options;
    return [...this.entries.values()].map(({ partition, cursor: state }) => ({ partition, cursor: cursor.plain(state, scope) }));
  }

  /** The highest value of a record, and of the cursor of any partition that was read: compared as written, as in Airbyte. */
  private reached(): Highest {
    const { cursor, scope } = this.options;
    const field = cursor.field(scope);
    let highest = this.highest;
    for (const key of this.touched)
      highest = later(highest, cursor.plain(this.entries.get(key)?.cursor ?? null, scope)[field] as string);
    return highest;
  }
}

type Highest = string | number | null;
const later = (a: Highest, b: string | number): string | number => (a === null || b > a ? b : a);
