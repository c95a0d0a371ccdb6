import type { Column } from '../../typing/index.js';

/** A cursor's value as PostgreSQL should compare it: text byte by byte, whatever the database's collation is. `reference`: of `column`'s type. */
export function comparable(reference: string, column: Column | undefined, order: 'text' | 'number'): string {
  const text = column?.type === 'jsonb' ? `(${reference} #>> '{}')` : reference;
  if (column?.type !== 'text' && column?.type !== 'jsonb') return reference;
  return order === 'number' ? `(${text})::numeric` : `(${text} COLLATE "C")`;
}
