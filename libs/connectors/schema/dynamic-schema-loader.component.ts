import type { JsonSchema } from '../../contracts/json.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { field, list, optional, type Field } from '../manifest/fields.js';
import { recordFilters } from '../records/record-selector.component.js';
import { setField } from '../records/fields.js';
import { withNames } from '../records/transformation.js';
import { transformations } from '../records/transformations.component.js';
import type { SchemaLoader } from './schema-loader.js';
import { schemaTypeIdentifier } from './schema-type-identifier.component.js';

/** By name: a stream holds retrievers and schema loaders, and a schema loader holds a retriever. */
const anyRetriever: Field<unknown> = field((value, place) => {
  const types = ['SimpleRetriever', 'AsyncRetriever'];
  return component(() => types.map((type) => place.compiler.late(type) as Component<unknown>)).parse(value, place);
});

/** Asks the source for its fields: the first record of a retriever describes them. */
export const dynamicSchemaLoader: Component<SchemaLoader> = defineComponent({
  type: 'DynamicSchemaLoader',
  fields: {
    retriever: anyRetriever,
    schema_type_identifier: component(() => [schemaTypeIdentifier]),
    schema_filter: optional(component(() => recordFilters)),
    schema_transformations: optional(list(component(() => transformations)), []),
  },
  build: ({
    retriever,
    schema_type_identifier: identify,
    schema_filter: filter,
    schema_transformations: changes,
  }): SchemaLoader => ({
    fixed: null,
    async load({ scope, firstRecord }) {
      const found = identify(await firstRecord(retriever), scope);
      const properties: Record<string, unknown> = {};
      for (const [name, schema] of Object.entries(found))
        if (filter === undefined || filter(withNames(scope, { record: { [name]: schema } }))) setField(properties, name, schema);
      // They see the properties as if they were a record.
      for (const change of changes) change(properties, withNames(scope, { record: properties }));
      return {
        $schema: 'https://json-schema.org/draft-07/schema#',
        type: 'object',
        additionalProperties: true,
        properties: properties as NonNullable<JsonSchema['properties']>,
      };
    },
  }),
});
