import { component, defineComponent } from '../manifest/component.js';
import { boolean, enumeration, list, optional, template, type Field } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Tree } from '../manifest/tree.js';
import { matches, setAt } from '../records/paths.js';
import { toRecordValue } from '../records/record-value.js';
import { str, truthy } from '../template/values.js';
import { typed } from '../records/typed-value.js';
import { yamlValue } from './yaml-value.js';

/** How the kinds of resolvers differ in what they do with a mapped value. */
export interface MappingRules {
  /** Texts are read as YAML: never, always, or unless the mapping asks for a string. */
  yaml: 'never' | 'always' | 'unless_string';
  conditions: boolean;
  /** `create_or_update` is honoured. */
  creates: boolean;
}

/** Writes one value into a copy of a stream's template. */
export type ComponentMapping = (target: Tree, scope: Scope) => void;

const definition = (rules: MappingRules) =>
  defineComponent({
    type: 'ComponentMappingDefinition',
    fields: {
      field_path: list(template()),
      value: template(),
      value_type: optional(enumeration('string', 'number', 'integer', 'boolean')),
      create_or_update: optional(boolean(), false),
      condition: optional(template()),
    },
    build({ field_path: path, value, value_type: type, create_or_update: creates, condition }, place): ComponentMapping {
      if (condition !== undefined && !rules.conditions)
        return place.compiler.reject({
          path: `${place.pointer}/condition`,
          message: 'only a ConfigComponentsResolver knows conditions',
        });
      return (target, scope) => {
        if (condition !== undefined && condition.template.source !== '' && !condition.holds(scope)) return;
        const found = toRecordValue(typed(value, type, scope));
        const reads = rules.yaml === 'always' || (rules.yaml === 'unless_string' && type !== 'string');
        const read = typeof found === 'string' && reads ? yamlValue(found) : found;
        const steps = path.map((step) => str(step.evaluate(scope)));
        const places = [...matches(target, steps)];
        for (const { steps: at } of places) assign(target, at, read);
        if (places.length === 0 && creates && rules.creates && truthy(read)) setAt(target, steps, read);
      };
    },
  });

export const componentMappings = (rules: MappingRules): Field<ComponentMapping[]> => {
  const choices = [definition(rules)];
  return list(component(() => choices));
};

function assign(target: Tree, steps: readonly (string | number)[], value: unknown): void {
  let container: unknown = target;
  for (const step of steps.slice(0, -1)) container = (container as Record<string | number, unknown>)[step];
  const last = steps.at(-1);
  // Places come from the target's own fields; defining keeps names like __proto__ harmless.
  if (last !== undefined)
    Object.defineProperty(container, last, {
      value: structuredClone(value),
      writable: true,
      enumerable: true,
      configurable: true,
    });
}
