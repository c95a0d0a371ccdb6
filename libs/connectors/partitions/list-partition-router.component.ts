import type { JsonValue } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { either, field, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { str } from '../template/values.js';
import type { PartitionRouter } from './partition.js';

/** One partition for each value of a list, or of a template that yields one. */
export const listPartitionRouter = defineComponent({
  type: 'ListPartitionRouter',
  fields: {
    cursor_field: template(),
    values: either<(scope: Scope) => readonly unknown[]>('a list or a template that yields one', (value) => {
      if (Array.isArray(value))
        return field((items, place) => {
          const all = list(template()).parse(items, place);
          return (scope) => all.map((item) => item.onlyText(scope) ?? '');
        });
      if (typeof value !== 'string') return undefined;
      return field((source, place) => {
        const whole = template().parse(source, place);
        return (scope) => {
          const items = whole.evaluate(scope, '');
          if (Array.isArray(items)) return items as unknown[];
          throw new SluiceError('CONFIG_INVALID', { detail: `the template at ${whole.pointer} yields no list` });
        };
      });
    }),
    request_option: optional(component(() => [requestOption])),
  },
  build({ cursor_field: name, values, request_option: option }): PartitionRouter {
    return {
      hasParents: false,
      async *partitions({ scope }, after) {
        const key = name.text(scope);
        const all = values(scope);
        for (let index = typeof after === 'number' ? after : 0; index < all.length; index++) {
          const value = all[index];
          yield { partition: { values: { [key]: plain(value) }, extra: {} }, after: index + 1 };
        }
      },
      inject(draft, slice, scope) {
        if (option !== undefined) draft.inject(option, slice[name.text(scope)], scope);
      },
    };
  },
});

const plain = (value: unknown): JsonValue =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : str(value);
