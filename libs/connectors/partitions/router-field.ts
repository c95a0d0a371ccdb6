import { component } from '../manifest/component.js';
import { either, field, list, type Field } from '../manifest/fields.js';
import type { PartitionRouter } from './partition.js';
import { partitionRouters, product } from './routers.js';

/** One router, or a list of several: all their combinations. */
export const routerField: Field<PartitionRouter> = either('a partition router or a list of them', (value) => {
  if (!Array.isArray(value)) return component(partitionRouters);
  return field((items, place) => product(list(component(partitionRouters)).parse(items, place)));
});
