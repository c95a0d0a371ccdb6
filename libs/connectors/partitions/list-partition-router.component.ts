import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { either, field, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { iterate, str, truthy } from '../template/values.js';
import { SluiceError } from '../../errors/index.js';
import { describe } from '../manifest/tree.js';
import type { PartitionRouter } from './partition.js';

/** One partition for each value of a list (taken as it is written), or of a template that yields one. */
export const listPartitionRouter = defineComponent({
  type: 'ListPartitionRouter',
  fields: {
    cursor_field: template(),
    values: either<(scope: Scope) => readonly unknown[]>('a list or a template that yields one', (value) => {
      if (Array.isArray(value))
        return field((items, place) => {
          const all = (items as unknown[]).map((item) =>
            typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
              ? str(item)
              : place.compiler.reject({ path: place.pointer, message: 'a list of texts is expected', found: describe(item) }),
          );
          return () => all;
        });
      if (typeof value !== 'string') return undefined;
      return field((source, place) => {
        const whole = template().parse(source, place);
        return (scope) => {
          const items = whole.evaluate(scope, '');
          try {
            return iterate(items);
          } catch (cause) {
            throw new SluiceError('CONFIG_INVALID', { detail: `the template at ${whole.pointer} yields no list`, cause });
          }
        };
      });
    }),
    request_option: optional(component(() => [requestOption])),
  },
  build({ cursor_field: name, values, request_option: option }): PartitionRouter {
    return {
      hasParents: false,
      global: false,
      injects: option !== undefined,
      fields: [(scope) => name.text(scope)],
      async *partitions({ scope }, after) {
        const key = name.text(scope);
        const all = values(scope);
        for (let index = typeof after === 'number' ? after : 0; index < all.length; index++)
          yield { partition: { values: { [key]: all[index] }, extra: {} }, after: index + 1 };
      },
      inject(draft, slice, scope) {
        const value = slice[name.text(scope)];
        if (option !== undefined && truthy(value)) draft.inject(option, value, scope);
      },
    };
  },
});
