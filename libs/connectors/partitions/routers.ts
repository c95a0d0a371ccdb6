import type { Component } from '../manifest/component.js';
import { isObject } from '../manifest/tree.js';
import { listPartitionRouter } from './list-partition-router.component.js';
import { wholeStream, type PartitionRouter } from './partition.js';
import { substreamPartitionRouter } from './substream-partition-router.component.js';

/** A new partition router joins here. */
export const partitionRouters = (): readonly Component<PartitionRouter>[] => [listPartitionRouter, substreamPartitionRouter];

/** All combinations of several routers' partitions, the last one changing fastest. */
export function product(routers: readonly PartitionRouter[]): PartitionRouter {
  const [first, ...others] = routers;
  if (first === undefined) return wholeStream;
  if (others.length === 0) return first;
  const rest = product(others);
  return {
    // Airbyte keeps no parent state for combinations.
    hasParents: false,
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
              extra: { ...outer.partition.extra, ...partition.extra },
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
