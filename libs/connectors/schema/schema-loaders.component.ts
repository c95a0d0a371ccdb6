import type { JsonSchema } from '../../contracts/json.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, json, list, optional, template, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { dynamicSchemaLoader } from './dynamic-schema-loader.component.js';
import { fixedSchema, noSchema, type SchemaLoader } from './schema-loader.js';

const inline: Component<SchemaLoader> = defineComponent({
  type: 'InlineSchemaLoader',
  fields: { schema: optional(json()) },
  build: ({ schema }) => (isObject(schema) ? fixedSchema(schema as JsonSchema) : noSchema),
});

/** Files stand beside a connector's Python code; a manifest by itself has none, and Airbyte falls back to the empty schema then. */
const jsonFile: Component<SchemaLoader> = defineComponent({
  type: 'JsonFileSchemaLoader',
  fields: { file_path: optional(template()) },
  build: () => noSchema,
});

/** A new schema loader joins here. */
const schemaLoaders: readonly Component<SchemaLoader>[] = [inline, jsonFile, dynamicSchemaLoader];

/** One loader, or several whose properties are put together. */
export const schemaLoader = (): Field<SchemaLoader> =>
  either('a schema loader or a list of them', (value) => {
    const one = component(() => schemaLoaders);
    if (!Array.isArray(value)) return one;
    return field((items, place) => composite(list(one).parse(items, place)));
  });

/** Where two loaders know a property, the first one's word counts. */
function composite(loaders: readonly SchemaLoader[]): SchemaLoader {
  const together = (schemas: readonly JsonSchema[]): JsonSchema => ({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: ['null', 'object'],
    properties: Object.assign({}, ...[...schemas].reverse().map(({ properties }) => properties ?? {})) as NonNullable<
      JsonSchema['properties']
    >,
  });
  const fixed = loaders.map((loader) => loader.fixed);
  return {
    fixed: fixed.every((schema) => schema !== null) ? together(fixed) : null,
    async load(context) {
      const schemas: JsonSchema[] = [];
      for (const loader of loaders) schemas.push(await loader.load(context));
      return together(schemas);
    },
  };
}
