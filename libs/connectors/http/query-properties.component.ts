import { component, defineComponent, lateComponent, type Component } from '../manifest/component.js';
import { either, enumeration, field, integer, list, optional, template, text, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { valueAt } from '../records/paths.js';
import { transformations } from '../records/transformations.component.js';
import { str } from '../template/values.js';
import type { PropertyChunking } from './property-chunks.js';
import type { PropertySource, QueryProperties } from './query-properties.js';

export const propertiesFromEndpoint: Component<PropertySource> = defineComponent({
  type: 'PropertiesFromEndpoint',
  fields: { property_field_path: list(template()), retriever: lateComponent<unknown>('SimpleRetriever') },
  build: ({ property_field_path: path, retriever }) => ({
    retriever,
    property: (record, scope) =>
      str(
        valueAt(
          record,
          path.map((step) => step.text(scope)),
        ) ?? [],
      ),
  }),
});

const groupByKey = defineComponent({
  type: 'GroupByKeyMergeStrategy',
  fields: {
    key: either<string[]>('a name or a list of names', (value) =>
      typeof value === 'string' ? field(() => [value]) : Array.isArray(value) ? list(text()) : undefined,
    ),
  },
  build: ({ key }) => key,
});

const propertyChunking = defineComponent({
  type: 'PropertyChunking',
  fields: {
    property_limit_type: enumeration('characters', 'property_count'),
    property_limit: optional(integer()),
    record_merge_strategy: optional(
      component(() => [groupByKey]),
      ['id'],
    ),
  },
  build: ({ property_limit_type: by, property_limit: limit, record_merge_strategy: key }): PropertyChunking => ({
    by,
    limit: limit ?? null,
    key,
  }),
});

const jsonSchemaSelector = defineComponent({
  type: 'JsonSchemaPropertySelector',
  fields: { transformations: optional(list(component(() => transformations)), []) },
  build:
    ({ transformations: changes }): NonNullable<QueryProperties['select']> =>
    (schema, scope) => {
      const found = isObject(schema['properties']) ? structuredClone(schema['properties']) : {};
      for (const change of changes) change(found, scope);
      return new Set(Object.keys(found));
    },
});

/** Names, or an endpoint that tells them. */
const propertyList: Field<readonly string[] | PropertySource> = either<readonly string[] | PropertySource>(
  'a list of names, or PropertiesFromEndpoint',
  (value) => (Array.isArray(value) ? list(text()) : isObject(value) ? component(() => [propertiesFromEndpoint]) : undefined),
);

export const queryProperties: Component<QueryProperties> = defineComponent({
  type: 'QueryProperties',
  fields: {
    property_list: optional(propertyList, []),
    always_include_properties: optional(list(text()), []),
    property_chunking: optional(component(() => [propertyChunking])),
    property_selector: optional(component(() => [jsonSchemaSelector])),
  },
  build: ({
    property_list: properties,
    always_include_properties: always,
    property_chunking: chunking,
    property_selector: select,
  }) => ({
    properties,
    always,
    chunking: chunking ?? null,
    select: select ?? null,
  }),
});

/** All that an endpoint tells, in one request (`fetch_properties_from_endpoint`). */
export const allOf = (properties: PropertySource): QueryProperties => ({ properties, always: [], chunking: null, select: null });
