import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Scope } from '../manifest/interpolation.js';

/** One partition: its identity (part of the state), and what else its requests may use. */
export interface Partition {
  values: JsonObject;
  extra: JsonObject;
}

/** A compiled stream, as the router that reads it as a parent holds it: handed back to the engine, never looked into. */
export type ParentStream = object;

/** What a router needs of the engine to read parent streams. */
interface PartitionContext {
  scope: Scope;
  signal: AbortSignal;
  /** Hands a stream's records out, page by page, each with where that page can be found again. */
  readParent(
    parent: ParentStream,
    from: JsonValue | null,
  ): AsyncIterable<{ records: ParentRecord[]; pageStart: JsonValue | null }>;
}

export interface ParentRecord {
  record: Record<string, unknown>;
  /** The parent's own partition. */
  slice: JsonObject;
}

/** Cuts a stream into partitions. */
export interface PartitionRouter {
  /** Partitions come from parent streams, whose state Airbyte keeps beside this one's. */
  readonly hasParents: boolean;
  /** Partitions in a fixed order, each with where to go on after it. */
  partitions(context: PartitionContext, after: JsonValue | null): AsyncIterable<{ partition: Partition; after: JsonValue }>;
  inject(draft: RequestDraft, values: Readonly<Record<string, unknown>>, scope: Scope): void;
}

/** One partition that is everything. */
export const wholeStream: PartitionRouter = {
  hasParents: false,
  async *partitions(_context, after) {
    if (after === null) yield { partition: { values: {}, extra: {} }, after: 1 };
  },
  inject: () => undefined,
};
