import { ident, literal } from '../../postgres/index.js';
import type { CursorColumn } from './describe-table.js';
import type { SliceSpec } from './slice-spec.js';
import type { SourceTable } from './source-table.js';

/** Types of keys whose order the server keeps between two statements and whose text it reads back. */
const ORDERED: ReadonlySet<string> = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'text',
  'varchar',
  'uuid',
  'date',
  'timestamptz',
  'timestamp',
]);

/** Whether a place in the table can be named by its key. Pure. */
export const isKeyset = ({ key, columns }: Pick<SourceTable, 'key' | 'columns'>): boolean =>
  key.length > 0 && key.every((name) => columns.some((column) => column.name === name && ORDERED.has(column.base)));

/** The fields that name a place in a slice, in the order in which it is read; empty: it has no order. Pure. */
export function placeOf(table: SourceTable, spec: SliceSpec, cursor: CursorColumn | null): string[] {
  if (!isKeyset(table)) return [];
  return spec.kind === 'window' && cursor !== null ? [...new Set([cursor.name, ...table.key])] : [...table.key];
}

/** WHERE and ORDER BY of a slice from a place in it. Values are written as literals: COPY takes no parameters. Pure. */
export function clauses(
  table: SourceTable,
  spec: SliceSpec,
  { cursor, place, from }: { cursor: CursorColumn | null; place: readonly string[]; from: readonly string[] | null },
): string {
  const typed = (name: string, value: string): string =>
    `${literal(value)}::${table.columns.find((column) => column.name === name)?.base ?? 'text'}`;
  const conditions: string[] = [];
  const between = (name: string, low: string | null, high: string | null, inclusive: boolean): void => {
    if (low !== null) conditions.push(`${ident(name)} >= ${typed(name, low)}`);
    if (high !== null) conditions.push(`${ident(name)} ${inclusive ? '<=' : '<'} ${typed(name, high)}`);
  };
  if (spec.kind === 'keys') between(table.key[0] ?? '', spec.from, spec.to, false);
  if (spec.kind === 'blocks') {
    conditions.push(`ctid >= '(${Number(spec.from)},0)'::tid`);
    if (spec.to !== null) conditions.push(`ctid < '(${Number(spec.to)},0)'::tid`);
  }
  if (spec.kind === 'window' && cursor !== null)
    between(cursor.name, spec.from === null ? null : bound(spec.from, cursor), bound(spec.to, cursor), spec.inclusive);
  if (from !== null)
    conditions.push(
      `(${place.map(ident).join(', ')}) > (${place.map((name, index) => typed(name, from[index] ?? '')).join(', ')})`,
    );
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return place.length === 0 ? where : `${where} ORDER BY ${place.map(ident).join(', ')}`;
}

const bound = (value: string, cursor: CursorColumn): string => (cursor.base === 'timestamptz' ? `${value}+00` : value);
