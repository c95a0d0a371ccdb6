import { asyncRetriever } from '../async/async-retriever.component.js';
import { cursors } from '../cursors/cursors.js';
import { httpRequester } from '../http/http-requester.component.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, either, field, list, optional, text, type Field } from '../manifest/fields.js';
import { paginators, singlePage } from '../paginators/paginators.component.js';
import { wholeStream } from '../partitions/partition.js';
import { routerField } from '../partitions/router-field.js';
import { migrate } from '../state/migrate.js';
import { stateMigrations } from '../state/state-migrations.component.js';
import { decodeJson, decoders } from '../records/decoders.component.js';
import { recordSelector } from '../records/record-selector.component.js';
import { transformations } from '../records/transformations.component.js';
import { noSchema } from '../schema/schema-loader.js';
import { schemaLoader } from '../schema/schema-loaders.component.js';
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
  },
  ignored: ['name', 'primary_key'],
  uncovered: ['pagination_reset', 'additional_query_properties'],
  build: ({ requester, decoder, record_selector: selector, paginator, partition_router: found, ...rest }): Retriever => ({
    requester,
    decoder,
    selector,
    paginator,
    router: found ?? wholeStream,
    partitioned: found !== undefined && found !== wholeStream,
    bareNextPages: rest.ignore_stream_slicer_parameters_on_paginated_requests,
  }),
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
    retriever: component(() => [simpleRetriever, asyncRetriever]),
    incremental_sync: optional(component(cursors)),
    schema_loader: optional(schemaLoader(), noSchema),
    transformations: optional(list(component(() => transformations)), []),
    state_migrations: optional(list(component(stateMigrations)), []),
  },
  uncovered: ['file_uploader'],
  build: (
    {
      name,
      primary_key: key,
      retriever,
      incremental_sync: cursor,
      schema_loader: schema,
      transformations: changes,
      state_migrations: migrations,
    },
    place,
  ): StreamModel => {
    if (cursor?.perPartition === false && retriever.partitioned)
      place.compiler.reject({
        path: `${place.pointer}/incremental_sync`,
        message: 'a stream with partitions cannot have this cursor',
      });
    return {
      name,
      primaryKey: key,
      retriever,
      cursor: cursor ?? null,
      migrateState: migrate(migrations, { router: retriever.router, cursor: cursor ?? null }),
      transformations: changes,
      schema,
    };
  },
});
