import type { JsonValue } from '../../contracts/json.js';
import { Decimal } from '../../json/index.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent, lateComponent } from '../manifest/component.js';
import { list, optional, template } from '../manifest/fields.js';
import type { Injection } from '../http/request-draft.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import type { ParentStream, PartitionRouter } from './partition.js';

interface Parent {
  stream: ParentStream;
  key: Interpolation;
  field: Interpolation;
  option: Injection | undefined;
  extra: readonly (readonly Interpolation[])[];
}

const parentStreamConfig = defineComponent({
  type: 'ParentStreamConfig',
  fields: {
    // By name: a stream holds routers, and a router holds streams.
    stream: lateComponent<ParentStream>('DeclarativeStream'),
    parent_key: template(),
    partition_field: template(),
    request_option: optional(component(() => [requestOption])),
    extra_fields: optional(list(list(template())), []),
  },
  uncovered: ['incremental_dependency', 'lazy_read_pointer'],
  build: ({ stream, parent_key: key, partition_field: name, request_option: option, extra_fields: extra }): Parent => ({
    stream,
    key,
    field: name,
    option,
    extra,
  }),
});

/**
 * A partition for each record of the parent streams. Where to go on is the parent's page and how many of its records were used, so that
 * a plan of any length is made in pieces and no piece is remembered.
 */
export const substreamPartitionRouter = defineComponent({
  type: 'SubstreamPartitionRouter',
  fields: { parent_stream_configs: list(component(() => [parentStreamConfig])) },
  build({ parent_stream_configs: parents }): PartitionRouter {
    return {
      hasParents: true,
      async *partitions(context, after) {
        const { scope } = context;
        const resumed = isObject(after) ? after : null;
        for (let index = Number(resumed?.['parent'] ?? 0); index < parents.length; index++) {
          const parent = parents[index] as Parent;
          const here = resumed !== null && index === resumed['parent'] ? resumed : null;
          let skip = Number(here?.['used'] ?? 0);
          const [key, name] = [parent.key.text(scope), parent.field.text(scope)];
          for await (const page of context.readParent(parent.stream, here?.['page'] ?? null)) {
            for (let used = skip; used < page.records.length; used++) {
              const { record, slice } = page.records[used] as (typeof page.records)[number];
              const value = at(record, key.split('/'));
              if (value === undefined || value === null) continue;
              const extra = parent.extra.map((path) => path.map((step) => step.text(scope)));
              yield {
                partition: {
                  values: { [name]: toJson(value), parent_slice: slice },
                  extra: Object.fromEntries(extra.map((path) => [path.join('.'), toJson(at(record, path) ?? null)])),
                },
                after: { parent: index, page: page.pageStart, used: used + 1 },
              };
            }
            skip = 0;
          }
        }
      },
      inject(draft, slice, scope) {
        for (const { option, field } of parents) {
          const value = slice[field.text(scope)];
          if (option !== undefined && value !== undefined) draft.inject(option, value, scope);
        }
      },
    };
  },
});

function at(record: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((target, step) => {
    if (Array.isArray(target)) return target[Number(step)];
    return isObject(target) && Object.hasOwn(target, step) ? target[step] : undefined;
  }, record);
}

/** Exact numbers go on as text: a plan is stored as JSON. */
function toJson(value: unknown): JsonValue {
  if (typeof value === 'bigint' || value instanceof Decimal) return String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item)]));
  return value as JsonValue;
}
