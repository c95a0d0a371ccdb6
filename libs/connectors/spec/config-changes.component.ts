import type { JsonObject } from '../../contracts/json.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, list, map, optional, template, text, type Field } from '../manifest/fields.js';
import { isInterpolation, type Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { setField } from '../records/fields.js';
import { addFields } from '../records/add-fields.component.js';
import { deleteAt, matches } from '../records/paths.js';
import { isCondition } from '../records/transformation.js';

/** Changes a configuration in place; `scope` has it as `config`. */
export type ConfigChange = (config: JsonObject, scope: Scope) => void;

/** What records have, for configurations: paths, values and conditions are the same. */
const configAddFields: Component<ConfigChange> = {
  type: 'ConfigAddFields',
  compile(node, place) {
    const change = addFields.compile(node, place);
    return (config, scope) => change(config, scope);
  },
};

/** Unlike that of records, its condition is asked once, of the whole configuration. */
const configRemoveFields = defineComponent({
  type: 'ConfigRemoveFields',
  fields: { field_pointers: list(list(text())), condition: optional(template()) },
  build:
    ({ field_pointers: pointers, condition }): ConfigChange =>
    (config, scope) => {
      if (isCondition(condition) && !condition.holds(scope)) return;
      for (const pointer of pointers) for (const { steps } of [...matches(config, pointer)]) deleteAt(config, steps);
    },
});

type Mapping = (scope: Scope) => Record<string, unknown>;

/** Values as they are, texts as templates; or one template that gives the whole. */
const mapping: Field<Mapping> = either<Mapping>('a map of values, or a template of one', (value) => {
  if (isObject(value)) {
    const texts = map<unknown>(either<unknown>('a value', (item) => (typeof item === 'string' ? template() : asItIs)));
    return {
      required: true,
      parse(found, place) {
        const entries = texts.parse(found, place);
        return (scope) =>
          Object.fromEntries(entries.map(([key, item]) => [key, isInterpolation(item) ? item.evaluate(scope) : item]));
      },
    };
  }
  if (typeof value !== 'string') return undefined;
  return {
    required: true,
    parse(found, place) {
      const whole = template().parse(found, place);
      return (scope) => {
        const evaluated = whole.evaluate(scope);
        return isObject(evaluated) ? evaluated : {};
      };
    },
  };
});
const asItIs: Field<unknown> = { required: true, parse: (value) => value };

const remapField = defineComponent({
  type: 'ConfigRemapField',
  fields: { map: mapping, field_path: list(template()) },
  build({ map: values, field_path: path }, place): ConfigChange {
    if (path.length === 0) return place.compiler.reject({ path: place.pointer, message: 'field_path names no field' });
    return (config, scope) => {
      const steps = path.map((step) => step.text(scope));
      let target: unknown = config;
      for (const step of steps.slice(0, -1)) target = isObject(target) && Object.hasOwn(target, step) ? target[step] : undefined;
      const name = steps.at(-1) ?? '';
      if (!isObject(target) || !Object.hasOwn(target, name)) return;
      const known = values(scope);
      const value = target[name];
      if (typeof value === 'string' && Object.hasOwn(known, value)) setField(target, name, known[value]);
    };
  },
});

/** A new way to change a configuration joins here. */
export const configChanges: readonly Component<ConfigChange>[] = [remapField, configAddFields, configRemoveFields];

/** Several changes, as one step in the life of a specification. */
export const configMigration = defineComponent({
  type: 'ConfigMigration',
  fields: { description: optional(text()), transformations: list(component(() => configChanges)) },
  build: ({ transformations: changes }): readonly ConfigChange[] => changes,
});
