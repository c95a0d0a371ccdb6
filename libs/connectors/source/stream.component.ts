import type { JsonSchema } from '../../contracts/json.js';
import { cursors } from '../cursors/datetime-based-cursor.component.js';
import { httpRequester } from '../http/http-requester.component.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, either, field, json, list, oneOrMany, optional, text, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { paginators, singlePage } from '../paginators/paginators.component.js';
import { partitionRouters, product } from '../partitions/routers.js';
import { decodeJson, decoders } from '../records/decoders.component.js';
import { recordSelector } from '../records/record-selector.component.js';
import { transformations } from '../records/transformations.component.js';
import type { Retriever, StreamModel } from './stream-model.js';

const simpleRetriever = defineComponent({
  type: 'SimpleRetriever',
  fields: {
    requester: component(() => [httpRequester]),
    record_selector: component(() => [recordSelector]),
    paginator: optional(
      component(() => paginators),
      singlePage,
    ),
    partition_router: optional(oneOrMany(component(partitionRouters)), []),
    decoder: optional(
      component(() => decoders),
      decodeJson,
    ),
    ignore_stream_slicer_parameters_on_paginated_requests: optional(boolean(), false),
  },
  ignored: ['name', 'primary_key'],
  uncovered: ['pagination_reset', 'additional_query_properties'],
  build: ({ requester, decoder, record_selector: selector, paginator, partition_router: routers, ...rest }): Retriever => ({
    requester,
    decoder,
    selector,
    paginator,
    router: product(routers),
    partitioned: routers.length > 0,
    bareNextPages: rest.ignore_stream_slicer_parameters_on_paginated_requests,
  }),
});

const inlineSchemaLoader = defineComponent({
  type: 'InlineSchemaLoader',
  fields: { schema: optional(json()) },
  build: ({ schema }): JsonSchema | null => (isObject(schema) ? schema : null),
});

/** A name, names, or paths. */
const primaryKey: Field<string[][]> = either<string[][]>('a name, a list of names, or a list of paths', (value) => {
  if (typeof value === 'string') return field(() => (value === '' ? [] : [[value]]));
  if (!Array.isArray(value)) return undefined;
  const step = either<string[]>('a name or a path', (key) =>
    Array.isArray(key) ? list(text()) : field((name, place) => [text().parse(name, place)]),
  );
  return list(step);
});

export const declarativeStream: Component<StreamModel> = defineComponent({
  type: 'DeclarativeStream',
  fields: {
    name: optional(text(), ''),
    primary_key: optional(primaryKey, []),
    retriever: component(() => [simpleRetriever]),
    incremental_sync: optional(component(() => cursors)),
    schema_loader: optional(component(() => [inlineSchemaLoader])),
    transformations: optional(list(component(() => transformations)), []),
  },
  uncovered: ['state_migrations', 'file_uploader'],
  build: ({
    name,
    primary_key: key,
    retriever,
    incremental_sync: cursor,
    schema_loader: schema,
    transformations: changes,
  }): StreamModel => ({
    name,
    primaryKey: key,
    retriever,
    cursor: cursor ?? null,
    transformations: changes,
    schema: schema ?? null,
  }),
});
