import type { Authenticator } from '../auth/authenticator.js';
import type { Cursor } from '../cursors/cursor.js';
import type { BackoffStrategy } from '../errors/backoff.component.js';
import type { ErrorHandler } from '../errors/error-handlers.component.js';
import type { Requester } from '../http/http-requester.component.js';
import type { CustomComponent, CustomComponents, Place } from '../manifest/compiler.js';
import { defineComponent, type Built } from '../manifest/component.js';
import type { Field } from '../manifest/fields.js';
import type { PaginationStrategy } from '../paginators/pagination-strategy.js';
import type { PartitionRouter } from '../partitions/partition.js';
import type { Decoder } from '../records/decoder.js';
import type { Extractor } from '../records/extractor.js';
import type { RecordFilter, SchemaNormalization } from '../records/record-selector.component.js';
import type { Transformation } from '../records/transformation.js';
import type { SchemaLoader } from '../schema/schema-loader.js';
import type { Retriever } from '../source/stream-model.js';
import type { ConfigChange } from '../spec/config-changes.component.js';
import type { ValidationStrategy } from '../spec/config-checks.component.js';
import type { StateMigration } from '../state/state-migrations.component.js';

/** What each kind of plug-in has to build: the same as the built-in components beside it. */
export interface CustomParts {
  CustomAuthenticator: Authenticator;
  CustomBackoffStrategy: BackoffStrategy;
  CustomConfigTransformation: ConfigChange;
  CustomDecoder: Decoder;
  CustomErrorHandler: ErrorHandler;
  CustomIncrementalSync: Cursor;
  CustomPaginationStrategy: PaginationStrategy;
  CustomPartitionRouter: PartitionRouter;
  CustomRecordExtractor: Extractor;
  CustomRecordFilter: RecordFilter;
  CustomRequester: Requester;
  CustomRetriever: Retriever;
  CustomSchemaLoader: SchemaLoader;
  CustomSchemaNormalization: SchemaNormalization;
  CustomStateMigration: StateMigration;
  CustomTransformation: Transformation;
  CustomValidationStrategy: ValidationStrategy;
}

/**
 * A plug-in: what stands in the place of a Python class. Its fields are read, checked and given parameters as those of every component
 * are; `build` is pure. `classNames`: full names, as manifests write them.
 */
export function plugIn<K extends keyof CustomParts, F extends Record<string, Field<unknown>>>(definition: {
  classNames: readonly [string, ...string[]];
  type: K;
  fields: F;
  /** Fields without effect here. */
  ignored?: readonly string[];
  build: (fields: Built<F>, place: Place) => CustomParts[K];
}): readonly CustomComponent[] {
  const { classNames, type, fields, ignored = [], build } = definition;
  const component = defineComponent({ type, fields, ignored: ['class_name', ...ignored], build });
  return classNames.map((className) => ({ className, ...component }));
}

/** Plug-ins by class name. Throws where two have the same. */
export function customComponents(plugIns: readonly (readonly CustomComponent[])[]): CustomComponents {
  const found = new Map<string, CustomComponent>();
  for (const one of plugIns.flat()) {
    if (found.has(one.className)) throw new Error(`two plug-ins are called ${one.className}`);
    found.set(one.className, one);
  }
  return found;
}
