import type { Tombstone } from '../../contracts/destination.port.js';
import { literal } from '../../postgres/index.js';
import { columnOf, type Column } from '../../typing/index.js';

/** Whether a record says that it is deleted, as SQL that is never null. `reference`: of a column, as a value of its type. `when` undefined: none does. */
export function tombstone(
  when: Tombstone | undefined,
  columns: readonly Column[],
  reference: (column: Column) => string,
): string {
  const column = when && columnOf(columns, when.field);
  if (when === undefined || column === undefined) return 'false';
  const text = column.type === 'jsonb' ? `json_extract_string(${reference(column)}, '$')` : `${reference(column)}::VARCHAR`;
  if (when.equals !== undefined) return `coalesce(${text} = ${literal(String(when.equals))}, false)`;
  return `coalesce(${text} <> 'false', false)`;
}
