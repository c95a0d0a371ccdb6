import type { JsonValue } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { Decimal } from '../../json/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { list, template } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { canonicalJson } from '../state/canonical-json.js';
import { toPlan } from './plan-value.js';
import type { PartitionRouter } from './partition.js';

/** The partitions of several routers, each value of the one field once; what else they carry becomes extra fields. */
export const unionPartitionRouter = (inner: () => readonly Component<PartitionRouter>[]): Component<PartitionRouter> =>
  defineComponent({
    type: 'UnionPartitionRouter',
    fields: { partition_field: template(), partition_routers: list(component(inner)) },
    build({ partition_field: name, partition_routers: routers }, { compiler, pointer }): PartitionRouter {
      const path = `${pointer}/partition_routers`;
      if (routers.length < 2)
        compiler.reject({ path, message: 'a union has at least two routers', found: String(routers.length) });
      if (routers.some(({ injects }) => injects))
        compiler.reject({ path, message: 'a request_option cannot be used in a UnionPartitionRouter' });
      return {
        hasParents: true,
        global: false,
        injects: false,
        fields: [(scope) => name.text(scope)],
        async *partitions(context, after) {
          const resumed = isObject(after) ? after : null;
          const field = name.text(context.scope);
          const seen: string[] = Array.isArray(resumed?.['seen']) ? (resumed['seen'] as string[]) : [];
          const known = new Set(seen);
          let inside: JsonValue | null = resumed?.['inner'] ?? null;
          for (let index = Number(resumed?.['router'] ?? 0); index < routers.length; index++) {
            for await (const { partition, after: innerAfter } of (routers[index] as PartitionRouter).partitions(
              context,
              inside,
            )) {
              const { [field]: value, ...others } = partition.values;
              if (value === undefined || (typeof value === 'object' && value !== null && !isScalar(value)))
                throw new SluiceError('MANIFEST_INVALID', {
                  detail: `every router of the union at ${pointer} has partitions by "${field}", with one plain value each`,
                });
              const key = canonicalJson(toPlan(value));
              if (known.has(key)) continue;
              known.add(key);
              seen.push(key);
              yield {
                partition: { values: { [field]: value }, extra: { ...partition.extra, ...others } },
                after: { router: index, inner: innerAfter, seen },
              };
            }
            inside = null;
          }
        },
        inject: () => undefined,
      };
    },
  });

/** Exact numbers are objects here and plain values everywhere else. */
const isScalar = (value: object): boolean => value instanceof Decimal;
