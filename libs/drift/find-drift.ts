import type { DriftChange } from '../contracts/drift.schema.js';
import type { JsonObject } from '../contracts/json.js';
import { BeyondJson, Decimal, escapePointer, isObject } from '../json/index.js';

/** One difference. Nothing of a value is in it, but the name of a new enum value. */
export interface Drift {
  change: DriftChange;
  /** JSON pointer of the field; `*` stands for any element of a list, and for a name that may be data. */
  pointer: string;
  /** `changed_type`: the JSON type that came. `new_enum_value`: its name; null where it could be anything. Else null. */
  found: string | null;
}

/** What a sample says. */
export interface DriftSample {
  records: number;
  /** Each difference once, with how many records have it. */
  drifts: { drift: Drift; records: number }[];
  /** Declared fields of the top level: those that every record has, and those that none has. */
  always: string[];
  never: string[];
}

const MAX_DEPTH = 5;
const MAX_ELEMENTS = 3;
const MAX_DRIFTS = 50;

/** Pure: what of the records does not fit the schema. A schema without fields says nothing, and neither does a part of it that this does not understand (`$ref`, conditions). */
export function findDrift(schema: JsonObject, records: readonly unknown[]): DriftSample {
  const seen = new Map<string, { drift: Drift; records: number; last: number }>();
  records.forEach((record, index) => {
    const tell = (drift: Drift): void => {
      const key = `${drift.change} ${drift.pointer} ${drift.found ?? ''}`;
      const known = seen.get(key);
      if (known === undefined) {
        if (seen.size < MAX_DRIFTS) seen.set(key, { drift, records: 1, last: index });
      } else if (known.last !== index) {
        known.records++;
        known.last = index;
      }
    };
    look({ schema, value: record, pointer: '', depth: 0, tell });
  });
  const declared = isObject(schema['properties']) ? Object.keys(schema['properties']) : [];
  const has = (name: string) => (record: unknown) => isObject(record) && Object.hasOwn(record, name);
  return {
    records: records.length,
    drifts: [...seen.values()].map(({ drift, records: count }) => ({ drift, records: count })),
    always: declared.filter((name) => records.every(has(name))),
    never: declared.filter((name) => !records.some(has(name))),
  };
}

interface Look {
  schema: unknown;
  value: unknown;
  pointer: string;
  depth: number;
  tell: (drift: Drift) => void;
}

function look({ schema, value, pointer, depth, tell }: Look): void {
  if (!isObject(schema) || depth > MAX_DEPTH) return;
  const found = typeOf(value);
  // Null says that there is no value; schemas of APIs seldom tell where that may be.
  if (found === 'null') return;
  const allowed = typesOf(schema);
  if (allowed !== null && !allowed.some((type) => type === found || (type === 'number' && found === 'integer'))) {
    tell({ change: 'changed_type', pointer, found });
    return;
  }
  const { enum: values, properties, items } = schema;
  if (Array.isArray(values) && typeof value === 'string' && !values.includes(value))
    tell({ change: 'new_enum_value', pointer, found: enumName(value) });
  if (found === 'object') lookInside({ schema, properties, value: value as Record<string, unknown>, pointer, depth, tell });
  if (found === 'array' && isObject(items))
    for (const element of (value as unknown[]).slice(0, MAX_ELEMENTS))
      look({ schema: items, value: element, pointer: `${pointer}/*`, depth: depth + 1, tell });
}

function lookInside(at: Look & { schema: Record<string, unknown>; value: Record<string, unknown>; properties: unknown }): void {
  const { schema, properties, value, pointer, depth, tell } = at;
  if (!isObject(properties) || Object.keys(properties).length === 0) return;
  const { required, additionalProperties, patternProperties } = schema;
  for (const name of Array.isArray(required) ? required : [])
    if (typeof name === 'string' && !Object.hasOwn(value, name))
      tell({ change: 'missing_field', pointer: `${pointer}/${escapePointer(name)}`, found: null });
  // A schema for all other names says that they are data.
  const open = isObject(additionalProperties) && Object.keys(additionalProperties).length > 0;
  for (const [name, inner] of Object.entries(value)) {
    if (Object.hasOwn(properties, name))
      look({ schema: properties[name], value: inner, pointer: `${pointer}/${escapePointer(name)}`, depth: depth + 1, tell });
    else if (!open && patternProperties === undefined)
      tell({ change: 'new_field', pointer: `${pointer}/${fieldName(name)}`, found: null });
  }
}

/** Types that a schema allows; null: it does not say, or says it in a way that is not followed. */
function typesOf({ type, anyOf, oneOf, allOf, $ref }: Record<string, unknown>): string[] | null {
  if ($ref !== undefined || allOf !== undefined) return null;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((one) => typeof one === 'string');
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return null;
  const types = choices.map((choice: unknown) => (isObject(choice) ? typesOf(choice) : null));
  return types.includes(null) ? null : types.flatMap((one) => one ?? []);
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'number';
    default:
      if (value instanceof BeyondJson) return value.kind === 'number' ? 'number' : 'string';
      return value instanceof Decimal ? 'number' : 'object';
  }
}

const WORD = /^[A-Za-z][A-Za-z0-9_.:/-]{0,39}$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-/i;

/** A word of a list of words may be shown; what is long, has spaces or an @, or numbers only may be somebody's data. */
const enumName = (value: string): string | null => (WORD.test(value) && !UUID.test(value) ? value : null);

const NAME = /^[\p{L}_$][\p{L}\p{N}_$ .:/-]{0,99}$/u;

/** Names of fields are shown unless they look like data: an object may be a map by id or address. */
const fieldName = (name: string): string => (NAME.test(name) && !UUID.test(name) ? escapePointer(name) : '*');
