import type { CopyTarget } from '../../contracts/source.port.js';
import { lineFormat, type LineFormat } from '../../copy-text/index.js';
import { ident } from '../../postgres/index.js';
import { castTo, kindOf, readExpression } from './column-kind.js';
import { isPlaceReadable } from './place-in-row.js';
import type { SourceTable } from './source-table.js';

/** In which form a slice's rows are asked for, and where in them the place is. */
export interface RowFormat {
  /** Expressions, for SELECT. */
  select: string;
  binary: boolean;
  /** What the rows are as records; null: they go through as they are. */
  lines: LineFormat | null;
  place: { binary: boolean; at: readonly number[]; types: readonly string[] };
}

/**
 * The best form that writer and table agree on: rows as they are where every value can be given exactly as the writer's column holds it, no key
 * is null or twice, and the place is among the columns; else records. Pure.
 */
export function rowFormat(table: SourceTable, place: readonly string[], accept: CopyTarget | undefined): RowFormat {
  return (accept && passThrough(table, place, accept)) ?? asRecords(table, place);
}

function passThrough(table: SourceTable, place: readonly string[], accept: CopyTarget): RowFormat | null {
  const columns = accept.columns.map((wanted) => {
    const column = table.columns.find(({ name }) => name === wanted.field);
    const cast = column === undefined ? null : castTo(column, wanted.type, ident(wanted.field));
    return column === undefined || cast === null || (wanted.required && !column.notNull) ? null : { cast, ...wanted };
  });
  if (columns.includes(null)) return null;
  const { unique } = accept;
  if (unique !== null && !table.uniques.some((fields) => fields.every((field) => unique.includes(field)))) return null;
  const at = place.map((field) => accept.columns.findIndex((wanted) => wanted.field === field));
  if (at.includes(-1)) return null;
  const types = at.map((index) => accept.columns[index]?.type ?? '');
  const binary = accept.formats.includes('copy_binary') && isPlaceReadable(types);
  if (!binary && !accept.formats.includes('copy_text')) return null;
  const casts = columns.flatMap((column) => column?.cast ?? []);
  return {
    select: [...casts, ...(accept.filler ? ['0::bigint'] : [])].join(', '),
    binary,
    lines: null,
    place: { binary, at, types },
  };
}

function asRecords({ columns }: SourceTable, place: readonly string[]): RowFormat {
  return {
    select: columns.map((column) => readExpression(column, ident(column.name))).join(', '),
    binary: false,
    lines: lineFormat(columns.map((column) => ({ name: column.name, decoding: kindOf(column).decoding }))),
    place: { binary: false, at: place.map((field) => columns.findIndex(({ name }) => name === field)), types: [] },
  };
}
