import { defineComponent } from '../manifest/component.js';
import { list, optional, template } from '../manifest/fields.js';
import { fieldNames } from './field-names.js';
import { isPattern } from './glob.js';
import { deleteAt, leaves, matches } from './paths.js';
import { isCondition, withNames, type Transformation } from './transformation.js';

/**
 * Removes the fields at the pointers, which may hold patterns. With a condition Airbyte asks of every value in the record, wherever it
 * stands, whether it (`property`) is to go: the pointers say nothing then.
 */
export const removeFields = defineComponent({
  type: 'RemoveFields',
  fields: { field_pointers: list(fieldNames()), condition: optional(template()) },
  build({ field_pointers: pointers, condition }, place): Transformation {
    if (pointers.some((pointer) => pointer.indexOf('**') !== pointer.lastIndexOf('**')))
      return place.compiler.reject({ path: `${place.pointer}/field_pointers`, message: 'a pointer may hold "**" once' });
    if (pointers.length === 0) return () => undefined;
    if (isCondition(condition))
      return (record, scope) => {
        for (const { steps, value } of [...leaves(record)])
          if (condition.holds(withNames(scope, { property: value }))) deleteAt(record, steps);
      };
    const removals = pointers.map((pointer): Transformation => {
      const [name] = pointer;
      if (name !== undefined && pointer.length === 1 && !isPattern(name)) return (record) => void delete record[name];
      return (record) => {
        for (const { steps } of [...matches(record, pointer)]) deleteAt(record, steps);
      };
    });
    return (record, scope) => {
      for (const remove of removals) remove(record, scope);
    };
  },
});
