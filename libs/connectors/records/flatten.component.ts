import type { SourceRecord } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { component, defineComponent } from '../manifest/component.js';
import { boolean, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isDict } from '../template/values.js';
import { replaceFields, setField, setRenamed } from './fields.js';
import { AmbiguousPath, deleteAt, matches, valueAt } from './paths.js';
import type { Transformation } from './transformation.js';

/**
 * One level out of all: the last value first, a name that is taken, or that comes after a list, with its parents' names before it. Airbyte
 * walks so, and which of two equal names keeps the short form depends on it.
 */
function flatten(record: SourceRecord, flattenLists: boolean): SourceRecord {
  const flat: SourceRecord = {};
  const open: [unknown, string][] = [[record, '_']];
  let withParents = false;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, name] = next;
    if (isDict(value))
      for (const [key, inner] of Object.entries(value))
        open.push([inner, withParents || Object.hasOwn(flat, key) ? `${name}.${key}` : key]);
    else if (Array.isArray(value) && flattenLists)
      for (const [index, item] of value.entries()) {
        withParents = true;
        open.push([item, `${name}.${index}`]);
      }
    else setRenamed(flat, name, value);
  }
  return flat;
}

export const flattenFields = defineComponent({
  type: 'FlattenFields',
  fields: { flatten_lists: optional(boolean(), true) },
  build:
    ({ flatten_lists: flattenLists }): Transformation =>
    (record) =>
      replaceFields(record, flatten(record, flattenLists)),
});

type RenameKey = (name: string, scope: Scope) => string;

const keyTransformation = defineComponent({
  type: 'KeyTransformation',
  fields: { prefix: optional(template()), suffix: optional(template()) },
  build:
    ({ prefix, suffix }): RenameKey =>
    (name, scope) =>
      `${prefix?.text(scope) ?? ''}${name}${suffix?.text(scope) ?? ''}`,
});

/** Lifts the fields of one object up into the record, unless one of their names is taken there. */
export const dpathFlattenFields = defineComponent({
  type: 'DpathFlattenFields',
  fields: {
    field_path: list(template()),
    delete_origin_value: optional(boolean(), false),
    replace_record: optional(boolean(), false),
    key_transformation: optional(component(() => [keyTransformation])),
  },
  build(
    { field_path: path, delete_origin_value: deletes, replace_record: replaces, key_transformation: rename },
    place,
  ): Transformation {
    return (record, scope) => {
      const steps = path.map((step) => step.text(scope));
      const found = steps.includes('*') ? firstAt(record, steps) : onlyAt(record, steps, place.pointer);
      if (!isDict(found)) return;
      const lifted: SourceRecord = {};
      for (const [name, value] of Object.entries(found)) setRenamed(lifted, rename?.(name, scope) ?? name, value);
      const names = Object.keys(lifted);
      if (replaces && names.length > 0) return replaceFields(record, lifted);
      if (names.some((name) => Object.hasOwn(record, name))) return;
      if (deletes) for (const place of [...matches(record, steps)]) deleteAt(record, place.steps);
      for (const name of names) setField(record, name, lifted[name]);
    };
  },
});

function firstAt(record: SourceRecord, steps: readonly string[]): unknown {
  for (const { value } of matches(record, steps)) return value;
  return undefined;
}

function onlyAt(record: SourceRecord, steps: readonly string[], pointer: string): unknown {
  try {
    return valueAt(record, steps);
  } catch (error) {
    if (!(error instanceof AmbiguousPath)) throw error;
    throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `the field_path at ${pointer} leads to several values` });
  }
}
