import type { JsonObject } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import type { Requester } from '../http/http-requester.component.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Retriever } from '../source/stream-model.js';
import type { ComponentMapping } from './component-mapping.component.js';

/** What one generated stream is made of. */
export interface ComponentsValues {
  values: unknown;
  /** Of the resolver's own retriever, where it has one. */
  slice?: Readonly<Record<string, unknown>>;
}

/** What the engine does for resolvers. */
export interface ResolverContext {
  config: JsonObject;
  scope: Scope;
  /** All records of a retriever, in order, each with its slice. */
  read: (retriever: Retriever) => AsyncIterable<{ record: SourceRecord; slice: Readonly<Record<string, unknown>> }>;
}

/** Says which streams a template stands for. */
export interface ComponentsResolver {
  /** One for each stream, in a fixed order. Errors: those of the source, where it is asked. */
  values(context: ResolverContext): AsyncIterable<ComponentsValues>;
  mappings: readonly ComponentMapping[];
  /** What it asks; null: it needs no call. */
  requester: Requester | null;
  /** Whom streams of one name are to be blamed on. */
  blame: 'configuration' | 'source' | 'manifest';
}
