import { SluiceError } from '../../errors/index.js';
import type { Injection } from '../http/request-draft.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent, lateComponent } from '../manifest/component.js';
import { boolean, list, optional, template } from '../manifest/fields.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { AmbiguousPath, valueAt } from '../records/paths.js';
import { truthy } from '../template/values.js';
import { CHILD_RESPONSE, type ParentStream, type PartitionRouter } from './partition.js';

interface Parent {
  stream: ParentStream;
  key: Interpolation;
  field: Interpolation;
  option: Injection | undefined;
  extra: readonly (readonly Interpolation[])[];
  incremental: boolean;
  lazy: readonly Interpolation[];
  pointer: string;
}

const parentStreamConfig = defineComponent({
  type: 'ParentStreamConfig',
  fields: {
    // By name: a stream holds routers, and a router holds streams.
    stream: lateComponent<ParentStream>('DeclarativeStream', 'StateDelegatingStream'),
    parent_key: template(),
    partition_field: template(),
    request_option: optional(component(() => [requestOption])),
    extra_fields: optional(list(list(template())), []),
    incremental_dependency: optional(boolean(), false),
    lazy_read_pointer: optional(list(template()), []),
  },
  build(fields, { compiler, pointer }): Parent {
    if (fields.lazy_read_pointer.some(({ template: { source } }) => source.includes('*')))
      compiler.reject({ path: `${pointer}/lazy_read_pointer`, message: 'a lazy_read_pointer has no wildcard', found: '*' });
    return {
      stream: fields.stream,
      key: fields.parent_key,
      field: fields.partition_field,
      option: fields.request_option,
      extra: fields.extra_fields,
      incremental: fields.incremental_dependency,
      lazy: fields.lazy_read_pointer,
      pointer,
    };
  },
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
      global: false,
      injects: parents.some(({ option }) => option !== undefined),
      fields: parents.map(
        ({ field }) =>
          (scope) =>
            field.text(scope),
      ),
      async *partitions(context, after) {
        const { scope } = context;
        const resumed = isObject(after) ? after : null;
        for (let index = Number(resumed?.['parent'] ?? 0); index < parents.length; index++) {
          const parent = parents[index] as Parent;
          const here = resumed !== null && index === resumed['parent'] ? resumed : null;
          let skip = Number(here?.['used'] ?? 0);
          const name = parent.field.text(scope);
          const key = parent.key
            .text(scope)
            .split('/')
            .filter((step) => step !== '');
          const lazy = parent.lazy.map((step) => step.text(scope));
          const extras = parent.extra.map((path) => path.map((step) => step.text(scope)));
          const several = (): Error =>
            new SluiceError('SOURCE_BAD_RESPONSE', {
              detail: `a path of ${parent.pointer} matches several values of a parent's record`,
            });
          const pages = context.readParent(parent.stream, here?.['page'] ?? null, { incremental: parent.incremental });
          let begun = false;
          for await (const page of pages) {
            // Only of the page where an earlier piece of the plan ended some were used.
            if (page.before === 0 && begun) skip = 0;
            begun = true;
            for (let used = Math.max(0, skip - page.before); used < page.records.length; used++) {
              const { record, slice } = page.records[used] as (typeof page.records)[number];
              const value = oneAt(record, key, several);
              if (value === undefined || value === null) continue;
              yield {
                partition: {
                  values: { [name]: value, parent_slice: slice },
                  extra: {
                    ...(lazy.length > 0 && context.first ? { [CHILD_RESPONSE]: oneAt(record, lazy, several) ?? [] } : {}),
                    ...Object.fromEntries(extras.map((path) => [path.join('.'), oneAt(record, path, several) ?? null])),
                  },
                },
                after: { parent: index, page: page.pageStart, used: page.before + used + 1 },
              };
            }
          }
        }
      },
      inject(draft, slice, scope) {
        for (const { option, field } of parents) {
          const value = slice[field.text(scope)];
          if (option !== undefined && truthy(value)) draft.inject(option, value, scope);
        }
      },
    };
  },
});

/** The one value that a path leads to, as Airbyte's (dpath's) `get`: more than one match is an error, which throws here what `several` makes. */
function oneAt(record: unknown, path: readonly string[], several: () => Error): unknown {
  try {
    return valueAt(record, path);
  } catch (error) {
    throw error instanceof AmbiguousPath ? several() : error;
  }
}
