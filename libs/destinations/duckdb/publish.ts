import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Metadata } from '../../contracts/metadata.js';
import { ident, literal } from '../../postgres/index.js';
import { columnOf, METADATA_COLUMNS, type Column } from '../../typing/index.js';
import { NUMBER_ORDER } from './row-encoder.js';
import type { Session } from './session.js';
import { ORDER, STAGE, staged } from './stage.js';
import { typed } from './types.js';

/** What became of the stage's rows. */
export interface Published {
  inserted: number;
  updated: number;
  unchanged: number;
  superseded: number;
  deduplicated: number;
}

export interface PublishOptions {
  /** Quoted. */
  relation: string;
  columns: readonly Column[];
  target: StreamTarget;
  /** For metadata columns. */
  runId: string;
  sliceId: string;
}

const WINNERS = 'temp.sluice_winners';

const metadataOf = ({ target, runId, sliceId }: PublishOptions, change: string): [string, string][] => {
  const values: Readonly<Record<Metadata, string>> = {
    run: literal(runId),
    slice: literal(sliceId),
    loaded_at: 'now()',
    change: literal(change),
  };
  return (target.metadata ?? []).map((field) => [ident(METADATA_COLUMNS[field].name), values[field]]);
};

/** Takes the stage into the table, in the caller's transaction. */
export function publish(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  return options.target.mode === 'incremental_upsert' ? merge(session, options, lines) : append(session, options, lines);
}

async function append(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { relation, columns } = options;
  const extra = metadataOf(options, 'insert');
  const names = [...columns.map(({ name }) => ident(name)), ...extra.map(([name]) => name)].join(', ');
  const values = [...columns.map(({ type }, index) => typed(staged(index), type)), ...extra.map(([, value]) => value)].join(', ');
  await session.query('loading a chunk', `INSERT INTO ${relation} (${names}) SELECT ${values} FROM ${STAGE} ORDER BY ${ORDER}`);
  return { inserted: lines, updated: 0, unchanged: 0, superseded: 0, deduplicated: 0 };
}

/** Whether a cursor of the type is compared as NUMBER_ORDER. */
export const comparesNumbers = (column: Column, order: 'text' | 'number'): boolean =>
  column.type === 'numeric' || (column.type === 'text' && order === 'number');

/**
 * Of several records with one key the one with the highest cursor wins, then the one that was read last. A row is replaced only by one that is not
 * older by cursor (a missing cursor is the oldest) and that differs. The table is joined, not looked up by an index: DuckDB scans a column of
 * keys faster than it keeps an index of them.
 */
async function merge(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { relation, columns, target } = options;
  const what = 'merging a chunk';
  const place = (column: Column): string => staged(columns.indexOf(column));
  const keys = target.primaryKey.flatMap((field) => columnOf(columns, field) ?? []);
  const rest = columns.filter((column) => !keys.includes(column));
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  const compared = (value: string): string =>
    cursor && comparesNumbers(cursor, target.cursorOrder) ? `${value}::${NUMBER_ORDER}` : value;
  const latest = [...(cursor ? [`${compared(place(cursor))} DESC NULLS LAST`] : []), `${ORDER} DESC`].join(', ');
  const mine = cursor ? compared(`w.${place(cursor)}`) : 'NULL';
  const theirs = cursor ? compared(`t.${ident(cursor.name)}`) : 'NULL';
  const older = cursor ? `${theirs} IS NOT NULL AND (${mine} IS NULL OR ${mine} < ${theirs})` : 'false';
  const same = rest.map((column) => `t.${ident(column.name)} IS NOT DISTINCT FROM w.${place(column)}`).join(' AND ') || 'true';
  const onKey = (left: string): string => keys.map((key) => `${left}.${ident(key.name)} = w.${place(key)}`).join(' AND ');
  const used = columns.map(({ name }) => ident(name)).join(', ');
  await session.query(
    what,
    `CREATE OR REPLACE TEMP TABLE sluice_winners AS
     WITH typed AS (SELECT ${columns.map(({ type }, index) => `${typed(staged(index), type)} AS ${staged(index)}`).join(', ')}, ${ORDER} FROM ${STAGE}),
     w AS (SELECT * FROM typed QUALIFY row_number() OVER (PARTITION BY ${keys.map(place).join(', ')} ORDER BY ${latest}) = 1)
     SELECT w.*, CASE WHEN "_sluice_here" IS NULL THEN 'inserted' WHEN ${older} THEN 'superseded' WHEN ${same} THEN 'unchanged' ELSE 'updated' END AS fate
     FROM w LEFT JOIN (SELECT ${used}, true AS "_sluice_here" FROM ${relation}) t ON ${onKey('t')}`,
  );
  const fates = await session.query<{ fate: 'inserted' | 'updated' | 'unchanged' | 'superseded'; rows: number }>(
    what,
    `SELECT fate, count(*)::DOUBLE AS "rows" FROM ${WINNERS} GROUP BY fate`,
  );
  const counts = { inserted: 0, updated: 0, unchanged: 0, superseded: 0 };
  for (const { fate, rows } of fates) counts[fate] = rows;
  if (counts.updated > 0) {
    const values = rest.map((column) => `${ident(column.name)} = w.${place(column)}`);
    const sets = [...values, ...metadataOf(options, 'update').map(([name, value]) => `${name} = ${value}`)].join(', ');
    await session.query(what, `UPDATE ${relation} AS t SET ${sets} FROM ${WINNERS} w WHERE w.fate = 'updated' AND ${onKey('t')}`);
  }
  if (counts.inserted > 0) {
    const extra = metadataOf(options, 'insert');
    const names = [...columns.map(({ name }) => ident(name)), ...extra.map(([name]) => name)].join(', ');
    const values = [...columns.map(place), ...extra.map(([, value]) => value)].join(', ');
    await session.query(
      what,
      `INSERT INTO ${relation} (${names}) SELECT ${values} FROM ${WINNERS} WHERE fate = 'inserted' ORDER BY ${ORDER}`,
    );
  }
  return { ...counts, deduplicated: lines - counts.inserted - counts.updated - counts.unchanged - counts.superseded };
}
