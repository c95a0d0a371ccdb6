import type pg from 'pg';
import { Decimal, parseJson } from '../../../libs/json/index.js';

/** Records and rows in one form, in one order. */
export interface TableRecords {
  rows: string[];
  /** What the table's rows must be for these records. */
  like: (records: readonly Record<string, unknown>[]) => string[];
}

/**
 * What a table holds, to be compared with records: fields that are null are left out on both sides, and a field is compared as what its column
 * is (a moment, a number, a text, JSON). A field that the stream's schema does not declare has no column. Columns of our own begin with `_sluice`.
 */
export async function tableLikeRecords(pool: pg.Pool, table: string): Promise<TableRecords> {
  const columns = await pool.query<{ column_name: string; data_type: string }>(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
    [table],
  );
  const types = new Map(columns.rows.map(({ column_name: name, data_type: type }) => [name, type]));
  const { rows } = await pool.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM public."${table}" t`);
  const form = (record: Record<string, unknown>): string =>
    JSON.stringify(
      Object.entries(record)
        .filter(([name, value]) => value !== null && types.has(name) && !name.startsWith('_sluice'))
        .map(([name, value]) => [name, typed(value, types.get(name) ?? '')])
        .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
    );
  return {
    rows: rows.map(({ row }) => form(parseJson(row) as Record<string, unknown>)).sort(),
    like: (records) => records.map(form).sort(),
  };
}

function typed(value: unknown, type: string): unknown {
  if (/^(timestamp|date)/.test(type)) return Date.parse(String(value));
  if (/^(bigint|integer|numeric|double)/.test(type)) return Number(value);
  if (type === 'jsonb') return ordered(value);
  if (type === 'text' && typeof value !== 'string') return JSON.stringify(ordered(value));
  return value;
}

/** With sorted keys, and numbers as a double has them. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Decimal) return Number(value.toString());
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, ordered(item)]),
  );
}
