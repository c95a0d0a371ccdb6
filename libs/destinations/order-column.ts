import type { Column } from '../typing/index.js';

/** Name of the column with the order of reading, beside a stream's own in a temporary table. Pure. */
export function orderColumn(columns: readonly Column[]): string {
  let name = 'sluice_order';
  while (columns.some((column) => column.name.toLowerCase() === name)) name += '_';
  return name;
}
