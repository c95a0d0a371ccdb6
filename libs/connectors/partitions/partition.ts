import type { JsonValue } from '../../contracts/json.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Scope } from '../manifest/interpolation.js';

/** One partition: its identity (part of the state), and what else its requests may use. Numbers keep their digits (see toPlan). */
export interface Partition {
  values: Record<string, unknown>;
  extra: Record<string, unknown>;
}

/** A compiled stream, as the router that reads it as a parent holds it: handed back to the engine, never looked into. */
export type ParentStream = object;

/** The name under which a partition carries its own first page, where a parent's record brought it along (`lazy_read_pointer`). */
export const CHILD_RESPONSE = 'child_response';

/** What a router needs of the engine to read parent streams. */
export interface PartitionContext {
  scope: Scope;
  signal: AbortSignal;
  /** Nothing was read yet: what a parent's record holds of its children is their first page. */
  first: boolean;
  /**
   * Hands a stream's records out, page by page, each with where that page can be found again, and how many of the page's records came before these. `incremental`: only what is new since the
   * children were read, by the parent's own state, which the engine keeps with theirs.
   */
  readParent(parent: ParentStream, from: JsonValue | null, options: { incremental: boolean }): AsyncIterable<ParentPage>;
}

export interface ParentPage {
  records: ParentRecord[];
  pageStart: JsonValue | null;
  /** Of the page's records so many came before: a large page comes in parts. */
  before: number;
}

export interface ParentRecord {
  record: Record<string, unknown>;
  /** The parent's own partition. */
  slice: Record<string, unknown>;
}

/** Cuts a stream into partitions. */
export interface PartitionRouter {
  /** The state has a place for the parents' state (`parent_state`), as Airbyte writes it for this kind of router. */
  readonly hasParents: boolean;
  /** One cursor for all partitions: what is together in one may differ from run to run. */
  readonly global: boolean;
  /** The router changes requests by itself (a `request_option`). */
  readonly injects: boolean;
  /** Names of the partition fields, where the manifest says them: what a LegacyToPerPartitionStateMigration goes by. */
  readonly fields: readonly ((scope: Scope) => string)[];
  /** Partitions in a fixed order, each with where to go on after it. */
  partitions(context: PartitionContext, after: JsonValue | null): AsyncIterable<{ partition: Partition; after: JsonValue }>;
  inject(draft: RequestDraft, values: Readonly<Record<string, unknown>>, scope: Scope): void;
}

/** One partition that is everything. */
export const wholeStream: PartitionRouter = {
  hasParents: false,
  global: false,
  injects: false,
  fields: [],
  async *partitions(_context, after) {
    if (after === null) yield { partition: { values: {}, extra: {} }, after: 1 };
  },
  inject: () => undefined,
};
