import type { Component } from '../manifest/component.js';
import { isObject } from '../manifest/tree.js';
import { groupingPartitionRouter } from './grouping-partition-router.component.js';
import { listPartitionRouter } from './list-partition-router.component.js';
import { wholeStream, type PartitionRouter } from './partition.js';
import { substreamPartitionRouter } from './substream-partition-router.component.js';
import { unionPartitionRouter } from './union-partition-router.component.js';

/** Routers that can stand inside others. */
const innerRouters = (): readonly Component<PartitionRouter>[] => [listPartitionRouter, substreamPartitionRouter, union];
const union = unionPartitionRouter(innerRouters);
const grouping = groupingPartitionRouter(innerRouters);

/** A new partition router joins here. */
export const partitionRouters = (): readonly Component<PartitionRouter>[] => [...innerRouters(), grouping];

/** All combinations of several routers' partitions, the last one changing fastest. */
export function product(routers: readonly PartitionRouter[]): PartitionRouter {
  const [first, ...others] = routers;
  if (first === undefined) return wholeStream;
  // One in a list is a combination too: it keeps no parent state.
  if (others.length === 0) return { ...first, hasParents: false };
  const rest = product(others);
  return {
    // Airbyte keeps no parent state for combinations.
    hasParents: false,
    global: false,
    injects: first.injects || rest.injects,
    fields: [...first.fields, ...rest.fields],
    async *partitions(context, after) {
      const resumed = isObject(after) ? after : null;
      // Where the outer router stood before its present partition, so that this one can be found again.
      let outerBefore = resumed?.['outer'] ?? null;
      let inner = resumed?.['inner'] ?? null;
      for await (const outer of first.partitions(context, outerBefore)) {
        for await (const { partition, after: innerAfter } of rest.partitions(context, inner)) {
          yield {
            partition: {
              // The first router wins where both name a key (`parent_slice`), as in Airbyte.
              values: { ...partition.values, ...outer.partition.values },
              extra: { ...partition.extra, ...outer.partition.extra },
            },
            after: { outer: outerBefore, inner: innerAfter },
          };
        }
        inner = null;
        outerBefore = outer.after;
      }
    },
    inject(draft, values, scope) {
      first.inject(draft, values, scope);
      rest.inject(draft, values, scope);
    },
  };
}
