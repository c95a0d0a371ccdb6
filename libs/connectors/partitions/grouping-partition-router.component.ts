import type { JsonValue } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, integer, optional } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { canonicalJson } from '../state/canonical-json.js';
import { toPlan } from './plan-value.js';
import type { Partition, PartitionRouter } from './partition.js';

/** Lists of several partitions' values, for APIs that take many keys in one request. `inner`: the routers that it can stand on. */
export const groupingPartitionRouter = (inner: () => readonly Component<PartitionRouter>[]): Component<PartitionRouter> =>
  defineComponent({
    type: 'GroupingPartitionRouter',
    fields: {
      group_size: integer(),
      underlying_partition_router: component(inner),
      deduplicate: optional(boolean(), true),
    },
    build({ group_size: size, underlying_partition_router: router, deduplicate }, { compiler, pointer }): PartitionRouter {
      if (size < 1)
        compiler.reject({ path: `${pointer}/group_size`, message: 'a group has at least one partition', found: String(size) });
      if (router.injects)
        compiler.reject({
          path: `${pointer}/underlying_partition_router`,
          message: 'a request_option cannot be used in a GroupingPartitionRouter: its values are lists',
        });
      return {
        hasParents: router.hasParents,
        global: true,
        injects: false,
        fields: router.fields,
        async *partitions(context, after) {
          const resumed = isObject(after) ? after : null;
          // What was met is part of the place to go on from, since a later page of the plan may meet it again.
          const seen: string[] = Array.isArray(resumed?.['seen']) ? (resumed['seen'] as string[]) : [];
          const known = new Set(seen);
          let batch: Partition[] = [];
          let last: JsonValue = resumed?.['inner'] ?? null;
          for await (const { partition, after: innerAfter } of router.partitions(context, last)) {
            last = innerAfter;
            const key = canonicalJson(toPlan(keyOf(partition)));
            if (deduplicate && known.has(key)) continue;
            batch.push(partition);
            if (deduplicate) {
              known.add(key);
              seen.push(key);
            }
            if (batch.length < size) continue;
            yield { partition: grouped(batch), after: { inner: last, seen } };
            batch = [];
          }
          if (batch.length > 0) yield { partition: grouped(batch), after: { inner: last, seen } };
        },
        inject: () => undefined,
      };
    },
  });

function keyOf({ values }: Partition): unknown {
  const keys = Object.keys(values).filter((key) => key !== 'parent_slice');
  if (keys.length !== 1)
    throw new SluiceError('MANIFEST_INVALID', {
      detail: `a group is made of partitions with one field, not of ${keys.join(', ')}`,
    });
  return values[keys[0] as string];
}

function grouped(batch: readonly Partition[]): Partition {
  const names = (part: 'values' | 'extra'): string[] => [...new Set(batch.flatMap((partition) => Object.keys(partition[part])))];
  const lists = (part: 'values' | 'extra', keys: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(keys.map((key) => [key, batch.map((partition) => partition[part][key] ?? null)]));
  return { values: lists('values', Object.keys(batch[0]?.values ?? {})), extra: lists('extra', names('extra')) };
}
