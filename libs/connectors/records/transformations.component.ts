import type { SourceRecord } from '../../contracts/stream.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { enumeration, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject, type Tree } from '../manifest/tree.js';
import { PyFloat, PyTuple, isDict, isInteger, isNumber, str } from '../template/values.js';

/** Changes a record in place; `scope` has it as `record`. */
export type Transformation = (record: SourceRecord, scope: Scope) => void;

const VALUE_TYPES = {
  string: (value: unknown) => typeof value === 'string',
  number: isNumber,
  integer: isInteger,
  boolean: (value: unknown) => typeof value === 'boolean',
} as const;

const addedField = defineComponent({
  type: 'AddedFieldDefinition',
  fields: {
    path: list(template()),
    value: template(),
    value_type: optional(enumeration('string', 'number', 'integer', 'boolean')),
  },
  build:
    ({ path, value, value_type: type }) =>
    (scope: Scope): { steps: string[]; value: unknown } => {
      const evaluated = value.evaluate(scope);
      // A value of another type than the one asked for stays the text that it was rendered as.
      const typed = type === undefined || VALUE_TYPES[type](evaluated) ? evaluated : (value.onlyText(scope) ?? '');
      return { steps: path.map((step) => step.text(scope)), value: toJson(typed) };
    },
});

const addFields = defineComponent({
  type: 'AddFields',
  fields: { fields: list(component(() => [addedField])), condition: optional(template()) },
  build({ fields, condition }): Transformation {
    return (record, scope) => {
      for (const field of fields) {
        const { steps, value } = field(scope);
        if (
          condition === undefined ||
          condition.template.source === '' ||
          condition.holds({ ...scope, names: { ...scope.names, value, path: steps } })
        )
          set(record, steps, value);
      }
    };
  },
});

const removeFields = defineComponent({
  type: 'RemoveFields',
  fields: { field_pointers: list(list(template())), condition: optional(template()) },
  build({ field_pointers: pointers, condition }): Transformation {
    return (record, scope) => {
      const test = condition === undefined || condition.template.source === '' ? undefined : condition;
      for (const pointer of pointers)
        remove(
          record,
          pointer.map((step) => step.text(scope)),
          (property) => test?.holds({ ...scope, names: { ...scope.names, property } }) ?? true,
        );
    };
  },
});

/** A new transformation joins here. */
export const transformations: readonly Component<Transformation>[] = [addFields, removeFields];

function set(record: Tree, steps: readonly string[], value: unknown): void {
  let target = record;
  for (const step of steps.slice(0, -1)) {
    const next = Object.hasOwn(target, step) && isObject(target[step]) ? target[step] : {};
    define(target, step, next);
    target = next;
  }
  define(target, steps.at(-1) ?? '', value);
}

/** Assigning "__proto__" would call its setter. */
function define(target: Tree, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

function remove(target: unknown, steps: readonly string[], allowed: (property: unknown) => boolean): void {
  const [step = '', ...rest] = steps;
  if (Array.isArray(target)) {
    const indexes = step === '*' ? [...target.keys()] : /^\d+$/.test(step) ? [Number(step)] : [];
    if (rest.length > 0) for (const index of indexes) remove(target[index], rest, allowed);
    else for (const index of indexes.reverse()) if (index < target.length && allowed(target[index])) target.splice(index, 1);
    return;
  }
  if (!isObject(target)) return;
  for (const name of step === '*' ? Object.keys(target) : Object.hasOwn(target, step) ? [step] : []) {
    if (rest.length > 0) remove(target[name], rest, allowed);
    else if (allowed(target[name])) delete target[name];
  }
}

/** Values of the template language as a record holds them. */
function toJson(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof PyFloat) return value.value;
  if (value instanceof PyTuple) return value.items.map(toJson);
  if (Array.isArray(value)) return value.map(toJson);
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
  return value === null || typeof value !== 'object' ? value : isNumber(value) ? value : str(value);
}
