import type { Tombstone } from '../../contracts/destination.port.js';
import { columnOf, type Column } from '../../typing/index.js';
import { ident, literal } from './quote.js';

/** Whether a staged record says that it is deleted, as SQL that is never null. `when` undefined: none does. */
export function tombstone(alias: string, when: Tombstone | undefined, columns: readonly Column[]): string {
  const column = when && columnOf(columns, when.field);
  if (when === undefined || column === undefined) return 'false';
  const reference = `${alias}.${ident(column.name)}`;
  const text = column.type === 'jsonb' ? `(${reference} #>> '{}')` : `${reference}::text`;
  if (when.equals !== undefined) return `coalesce(${text} = ${literal(String(when.equals))}, false)`;
  return `coalesce(${text} <> 'false', false)`;
}
