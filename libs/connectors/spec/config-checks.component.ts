import type { JsonObject, JsonValue } from '../../contracts/json.js';
import { SluiceError, type FieldError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, json, list, object, template } from '../manifest/fields.js';
import { isInterpolation, type Interpolation, type Scope } from '../manifest/interpolation.js';
import { escapePointer } from '../../json/index.js';
import { isObject } from '../manifest/tree.js';
import { schemaErrors } from './validate-config.js';

/** What is wrong with a value; paths begin at it. Values are never quoted, they may be secrets. */
export type ValidationStrategy = (value: unknown) => readonly FieldError[];
/** What is wrong with a configuration. */
export type ConfigCheck = (config: JsonObject, scope: Scope) => readonly FieldError[];

const adheresToSchema = defineComponent({
  type: 'ValidateAdheresToSchema',
  fields: { base_schema: object() },
  build({ base_schema: schema }, place): ValidationStrategy {
    try {
      schemaErrors(schema, {});
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return place.compiler.reject({ path: `${place.pointer}/base_schema`, message: error.detail ?? error.message });
    }
    return (value) => {
      if (typeof value !== 'string') return schemaErrors(schema, value);
      try {
        return schemaErrors(schema, JSON.parse(value));
      } catch (error) {
        if (error instanceof SyntaxError) return [{ path: '', message: 'is not JSON' }];
        throw error;
      }
    };
  },
});

/** A new strategy joins here. */
const strategies: readonly Component<ValidationStrategy>[] = [adheresToSchema];

const dpathValidator = defineComponent({
  type: 'DpathValidator',
  fields: { field_path: list(template()), validation_strategy: component(() => strategies) },
  build:
    ({ field_path: path, validation_strategy: strategy }): ConfigCheck =>
    (config, scope) =>
      found(
        config,
        path.map((step) => step.text(scope)),
      ).flatMap(({ value, pointer }) => strategy(value).map((error) => ({ ...error, path: pointer + error.path }))),
});

/** Every value that the steps lead to; `*` stands for any. Missing ones are not checked. */
function found(root: unknown, steps: readonly string[]): { value: unknown; pointer: string }[] {
  let current = [{ value: root, pointer: '' }];
  for (const step of steps)
    current = current.flatMap(({ value, pointer }) => {
      const entries: [string, unknown][] = Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
      return entries
        .filter(([key]) => step === '*' || step === key)
        .map(([key, item]) => ({ value: item, pointer: `${pointer}/${escapePointer(key)}` }));
    });
  return current;
}

/** A text is a template, which Airbyte documents but does not do: there a configuration with this check never opens. */
const predicateValidator = defineComponent({
  type: 'PredicateValidator',
  fields: {
    value: either<Interpolation | JsonValue>('a value', (value) => (typeof value === 'string' ? template() : json())),
    validation_strategy: component(() => strategies),
  },
  build:
    ({ value, validation_strategy: strategy }): ConfigCheck =>
    (_config, scope) =>
      strategy(isInterpolation(value) ? value.evaluate(scope) : value),
});

/** A new check of a configuration joins here. */
export const configChecks: readonly Component<ConfigCheck>[] = [dpathValidator, predicateValidator];
