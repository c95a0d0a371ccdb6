import { SluiceError } from '../../errors/index.js';
import { component, defineComponent } from '../manifest/component.js';
import { enumeration, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { fieldNames } from './field-names.js';
import { BlockedPath, setAt } from './paths.js';
import { toRecordValue } from './record-value.js';
import { isCondition, withNames, type Transformation } from './transformation.js';
import { typed } from './typed-value.js';

interface AddedField {
  path: readonly string[];
  value: (scope: Scope) => unknown;
}

const addedField = defineComponent({
  type: 'AddedFieldDefinition',
  fields: {
    path: fieldNames(),
    value: template(),
    value_type: optional(enumeration('string', 'number', 'integer', 'boolean')),
  },
  build({ path, value, value_type: type }, place): AddedField {
    if (path.length === 0) return place.compiler.reject({ path: place.pointer, message: 'the path of an added field is empty' });
    return { path, value: (scope) => typed(value, type, scope) };
  },
});

/** Adds fields in order; each sees those before it. */
export const addFields = defineComponent({
  type: 'AddFields',
  fields: { fields: list(component(() => [addedField])), condition: optional(template()) },
  build({ fields, condition }, place): Transformation {
    const test = isCondition(condition) ? condition : undefined;
    return (record, scope) => {
      for (const { path, value } of fields) {
        const found = value(scope);
        if (test !== undefined && !test.holds(withNames(scope, { value: found, path }))) continue;
        try {
          setAt(record, path, toRecordValue(found));
        } catch (error) {
          if (!(error instanceof BlockedPath)) throw error;
          const detail = `the field ${path.join('.')} (${place.pointer}) cannot be added: a value on its way holds no fields`;
          throw new SluiceError('SOURCE_BAD_RESPONSE', { detail, details: { pointer: place.pointer } });
        }
      }
    };
  },
});
