import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, list, optional, template, text, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { isCondition, withNames } from '../records/transformation.js';
import { valueAt } from '../records/paths.js';
import { AIRBYTE_TYPES } from './airbyte-types.js';

/** A type's name, or a type that holds another. */
interface ComplexType {
  name: string;
  items: ComplexType | null;
}

const complexFieldType: Component<ComplexType> = defineComponent({
  type: 'ComplexFieldType',
  fields: { field_type: text(), items: optional(fieldType()) },
  build({ field_type: name, items }, place): ComplexType {
    if (items !== undefined && name !== 'array')
      place.compiler.reject({ path: `${place.pointer}/items`, message: 'only the type "array" has items', found: name });
    return { name, items: items ?? null };
  },
});

function fieldType(): Field<ComplexType> {
  return either('the name of a type or a ComplexFieldType', (value) => {
    if (isObject(value)) return component(() => [complexFieldType]);
    return typeof value === 'string' ? field((name) => ({ name: name as string, items: null })) : undefined;
  });
}

const names = (): Field<string | string[]> =>
  either(
    'the name of a type, or a list of them',
    (value) => (Array.isArray(value) ? list(text()) : text()) as Field<string | string[]>,
  );

type TargetType = ComplexType | readonly string[];

interface TypeMapping {
  from: string | string[];
  to: TargetType;
  condition: Interpolation | undefined;
}

const typesMap = defineComponent({
  type: 'TypesMap',
  fields: {
    target_type: either<TargetType>('a type, or a list of two', (value) => (Array.isArray(value) ? list(text()) : fieldType())),
    current_type: names(),
    condition: optional(template()),
  },
  build: ({ target_type: to, current_type: from, condition }): TypeMapping => ({ from, to, condition }),
});

/** Reads the properties of a schema out of a record that describes fields. */
export type IdentifyTypes = (record: unknown, scope: Scope) => Record<string, JsonSchema>;

export const schemaTypeIdentifier: Component<IdentifyTypes> = defineComponent({
  type: 'SchemaTypeIdentifier',
  fields: {
    key_pointer: list(template()),
    schema_pointer: optional(list(template()), []),
    type_pointer: optional(list(template()), []),
    types_mapping: optional(list(component(() => [typesMap])), []),
  },
  build({ key_pointer: key, schema_pointer: root, type_pointer: type, types_mapping: mappings }, place): IdentifyTypes {
    const at = (value: unknown, path: readonly Interpolation[], scope: Scope): unknown =>
      valueAt(
        value,
        path.map((step) => step.text(scope)),
      );
    const wrong = (what: string): never => {
      throw new SluiceError('SOURCE_BAD_RESPONSE', {
        detail: `the schema at ${place.pointer}: ${what}`,
        details: { pointer: place.pointer },
      });
    };
    const mapped = (found: unknown, raw: unknown, scope: Scope): unknown => {
      const mapping = mappings.find(
        ({ from, condition }) =>
          isDeepStrictEqual(from, found) && (!isCondition(condition) || condition.holds(withNames(scope, { raw_schema: raw }))),
      );
      return mapping?.to ?? found;
    };
    return (record, scope) => {
      const described = record === undefined ? [] : at(record, root, scope);
      if (!Array.isArray(described)) return wrong('no list of fields is there');
      const properties: Record<string, JsonSchema> = {};
      for (const raw of described) {
        const name = at(raw, key, scope);
        if (typeof name !== 'string') return wrong('a field has no name');
        const found = type.length === 0 ? 'string' : (at(raw, type, scope) ?? 'string');
        properties[name] = schemaOfType(mapped(found, raw, scope)) ?? wrong('a field has a type that is none of Airbyte’s');
      }
      return properties;
    };
  },
});

function schemaOfType(type: unknown): JsonSchema | null {
  if (typeof type === 'string') return Object.hasOwn(AIRBYTE_TYPES, type) ? { ...AIRBYTE_TYPES[type] } : null;
  if (Array.isArray(type)) {
    const options = type.map(schemaOfType);
    return options.length === 2 && options.every((option) => option !== null) ? { oneOf: options } : null;
  }
  if (!isComplexType(type)) return null;
  const outer = schemaOfType(type.name);
  if (type.items === null || outer === null) return outer;
  const items = schemaOfType(type.items);
  return items === null ? null : { ...outer, items };
}

const isComplexType = (type: unknown): type is ComplexType =>
  isObject(type) && typeof type['name'] === 'string' && 'items' in type;
