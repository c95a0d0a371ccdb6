import type { JsonSchema } from '../../contracts/json.js';
import { unescapePointer } from '../../json/index.js';
import { isObject, type Tree } from '../manifest/tree.js';
import { setField } from '../records/fields.js';
import { isNumber } from '../template/values.js';
import { toBoolean, toFloat, toInteger, toText, type Cast } from './python-casts.js';

/** Casts a record's values in place to the types of its schema. */
export type Normalise = (record: unknown) => void;

/**
 * Airbyte's default normalisation: every value under `properties` and `items` whose schema has exactly one type beside "null" is cast to it;
 * a value that cannot be cast stays. What stands under anyOf, oneOf or behind a `$ref` of its own is not cast, except for the properties and
 * items of a referenced schema. Compiled once for a schema.
 */
export function normaliser(schema: JsonSchema): Normalise {
  return new SchemaCompiler(schema).descend(schema) ?? (() => undefined);
}

class SchemaCompiler {
  private readonly referenced = new Map<string, { run: Normalise | null }>();

  constructor(private readonly root: Tree) {}

  /** What a schema does below a value; null: nothing. */
  descend(schema: unknown): Normalise | null {
    if (!isObject(schema)) return null;
    const steps = Object.entries(schema)
      .map(([keyword, value]) => {
        if (keyword === '$ref') return this.reference(value);
        if (keyword === 'properties') return this.properties(value);
        return keyword === 'items' ? this.items(value) : null;
      })
      .filter((step) => step !== null);
    if (steps.length <= 1) return steps[0] ?? null;
    return (value) => steps.forEach((step) => step(value));
  }

  private properties(schemas: unknown): Normalise | null {
    if (!isObject(schemas)) return null;
    const fields = Object.entries(schemas)
      .map(([name, schema]) => ({ name, cast: castOf(schema), below: this.descend(schema) }))
      .filter(({ cast, below }) => cast !== null || below !== null);
    if (fields.length === 0) return null;
    return (value) => {
      if (!isObject(value)) return;
      for (const { name, cast, below } of fields) {
        if (!Object.hasOwn(value, name)) continue;
        if (cast !== null) {
          const before = value[name];
          const after = cast(before);
          if (after !== before) setField(value, name, after);
        }
        below?.(value[name]);
      }
    };
  }

  private items(schema: unknown): Normalise | null {
    if (Array.isArray(schema)) {
      const each = schema.map((one) => this.descend(one));
      return (value) => {
        if (Array.isArray(value)) value.forEach((item, index) => each[index]?.(item));
      };
    }
    const cast = castOf(schema);
    const below = this.descend(schema);
    if (cast === null && below === null) return null;
    return (value) => {
      if (!Array.isArray(value)) return;
      const items = value as unknown[];
      for (let index = 0; index < items.length; index++) {
        if (cast !== null) items[index] = cast(items[index]);
        below?.(items[index]);
      }
    };
  }

  /** Schemas may refer to themselves: resolved when it is first met. */
  private reference(pointer: unknown): Normalise | null {
    if (typeof pointer !== 'string' || !pointer.startsWith('#')) return null;
    const known = this.referenced.get(pointer) ?? { run: null };
    if (!this.referenced.has(pointer)) {
      this.referenced.set(pointer, known);
      known.run = this.descend(this.resolve(pointer));
    }
    return (value) => known.run?.(value);
  }

  private resolve(pointer: string): unknown {
    return pointer
      .slice(1)
      .split('/')
      .filter((step) => step !== '')
      .map((step) => unescapePointer(decodeURIComponent(step)))
      .reduce<unknown>((value, step) => {
        if (Array.isArray(value)) return (value as unknown[])[Number(step)];
        return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
      }, this.root);
  }
}

/** What a schema does to the value itself. */
function castOf(schema: unknown): Cast | null {
  if (!isObject(schema)) return null;
  const { type } = schema;
  const types = Array.isArray(type) ? (type as unknown[]) : [type];
  const [only, ...others] = Array.isArray(type) ? types.filter((name) => name !== 'null') : types;
  const cast = others.length === 0 ? castTo(only, schema) : null;
  if (cast === null) return null;
  return types.includes('null') ? (value) => (value === null ? null : cast(value)) : cast;
}

function castTo(type: unknown, schema: Tree): Cast | null {
  switch (type) {
    case 'string':
      return toText;
    case 'number':
      return toFloat;
    case 'integer':
      return toInteger;
    case 'boolean':
      return toBoolean;
    case 'array':
      return wrapsScalars(schema['items']) ? (value) => (isScalar(value) ? [value] : value) : null;
    default:
      return null;
  }
}

const SIMPLE_TYPES: readonly unknown[] = ['string', 'number', 'integer', 'boolean', 'null'];

/** A lone value becomes a list of one, where the items' types are given as a list of simple ones, or not at all. */
function wrapsScalars(items: unknown): boolean {
  const type = isObject(items) ? (items['type'] ?? []) : items === undefined ? [] : null;
  return Array.isArray(type) && type.every((name) => SIMPLE_TYPES.includes(name));
}

const isScalar = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || isNumber(value);
