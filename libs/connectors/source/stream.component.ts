import { asyncRetriever } from '../async/async-retriever.component.js';
import { cursors } from '../cursors/cursors.js';
import { httpRequester } from '../http/http-requester.component.js';
import { collectingNames, component, defineComponent, type Component } from '../manifest/component.js';
import type { Place } from '../manifest/compiler.js';
import { boolean, either, field, json, list, optional, text, type Field } from '../manifest/fields.js';
import { paginators, singlePage } from '../paginators/paginators.component.js';
import { wholeStream } from '../partitions/partition.js';
import { routerField } from '../partitions/router-field.js';
import { migrate } from '../state/migrate.js';
import { stateMigrations } from '../state/state-migrations.component.js';
import { decodeJson, decodeJsonKeepingFloats, decoders } from '../records/decoders.component.js';
import { recordSelector } from '../records/record-selector.component.js';
import { uncoveredLists } from '../records/uncovered-lists.js';
import { transformations } from '../records/transformations.component.js';
import { noSchema } from '../schema/schema-loader.js';
import { schemaLoader } from '../schema/schema-loaders.component.js';
import { pageSizeReduction, paginationReset, requestWindowSplitting } from './retriever-options.component.js';
import type { Retriever, StreamModel } from './stream-model.js';

export const simpleRetriever = defineComponent({
  type: 'SimpleRetriever',
  fields: {
    requester: component(() => [httpRequester]),
    record_selector: component(() => [recordSelector]),
    paginator: optional(
      component(() => paginators),
      singlePage,
    ),
    partition_router: optional(routerField),
    decoder: optional(
      component(() => decoders),
      decodeJson,
    ),
    ignore_stream_slicer_parameters_on_paginated_requests: optional(boolean(), false),
    pagination_reset: optional(component(() => [paginationReset])),
    page_size_reduction: optional(component(() => [pageSizeReduction])),
    request_window_splitting: optional(component(() => [requestWindowSplitting])),
  },
  ignored: ['name', 'primary_key'],
  build({ requester, decoder, record_selector: selector, paginator, partition_router: found, ...rest }, place): Retriever {
    const { page_size_reduction: reduction, request_window_splitting: splitting } = rest;
    const refuse = (field: string, why: string): never =>
      place.compiler.reject({ path: `${place.pointer}/${field}`, message: `${field} does not work here: ${why}` });
    // A part of the page's records may be out already when the source refuses the rest.
    const several = 'the requester asks for query properties';
    if (reduction !== undefined && requester.properties !== null) refuse('page_size_reduction', several);
    if (splitting !== undefined && requester.properties !== null) refuse('request_window_splitting', several);
    if (requester.properties !== null && selector.extract.fetchesLists) uncoveredLists(place, several);
    if (reduction !== undefined && paginator.whyNotSmaller !== null) refuse('page_size_reduction', paginator.whyNotSmaller);
    return {
      requester,
      decoder,
      selector,
      paginator,
      router: found ?? wholeStream,
      partitioned: found !== undefined && found !== wholeStream,
      bareNextPages: rest.ignore_stream_slicer_parameters_on_paginated_requests,
      paginationReset: rest.pagination_reset,
      pageSizeReduction: reduction,
      windowSplitting: splitting,
    };
  },
});

/** A new retriever joins here. */
export const retrievers: readonly Component<Retriever>[] = [simpleRetriever, asyncRetriever];

/** A name, names, or paths. */
const primaryKey: Field<string[][]> = either<string[][]>('a name, a list of names, or a list of paths', (value) => {
  if (typeof value === 'string') return field(() => (value === '' ? [] : [[value]]));
  if (!Array.isArray(value)) return undefined;
  const step = either<string[]>('a name or a path', (key) =>
    Array.isArray(key) ? list(text()) : field((name, place) => [text().parse(name, place)]),
  );
  return list(step);
});

/** Names by which templates see what is in an answer. */
const OF_ANSWERS = ['record', 'response', 'last_record', 'property', 'value'];

/** Text made of a number shows whether it was written as a float; where nobody makes any, answers are read faster. */
function withFloats(retriever: Retriever, { names, field: within }: Place): Retriever {
  const { decoder, selector } = retriever;
  // The keys of a parent's records go into requests.
  const seen =
    selector.normalizes ||
    selector.extract.fetchesLists ||
    within === 'ParentStreamConfig.stream' ||
    OF_ANSWERS.some((name) => names?.has(name));
  return seen && decoder === decodeJson ? { ...retriever, decoder: decodeJsonKeepingFloats } : retriever;
}

const stream = defineComponent({
  type: 'DeclarativeStream',
  fields: {
    name: optional(text(), ''),
    primary_key: optional(primaryKey, []),
    retriever: component(() => retrievers),
    incremental_sync: optional(component(cursors)),
    schema_loader: optional(schemaLoader(), noSchema),
    transformations: optional(list(component(() => transformations)), []),
    state_migrations: optional(list(component(stateMigrations)), []),
    file_uploader: optional(json()),
  },
  build: (
    {
      name,
      primary_key: key,
      retriever,
      incremental_sync: cursor,
      schema_loader: schema,
      transformations: changes,
      state_migrations: migrations,
      file_uploader: files,
    },
    place,
  ): StreamModel => {
    if (files !== undefined)
      place.compiler.warn({
        path: `${place.pointer}/file_uploader`,
        message: 'the records are read, their files are not: no destination takes files',
      });
    if (cursor?.perPartition === false && retriever.partitioned)
      place.compiler.reject({
        path: `${place.pointer}/incremental_sync`,
        message: 'a stream with partitions cannot have this cursor',
      });
    return {
      name,
      primaryKey: key,
      retriever: withFloats(retriever, place),
      cursor: cursor ?? null,
      migrateState: migrate(migrations, { router: retriever.router, cursor: cursor ?? null }),
      transformations: changes,
      schema,
    };
  },
});
export const declarativeStream: Component<StreamModel> = collectingNames(stream);
