import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { SluiceError } from '../../errors/index.js';
import { ident, literal, qualified } from '../../postgres/index.js';
import {
  evolve,
  fieldOf,
  managedColumns,
  namesOf,
  type Column,
  type ColumnType,
  type ExistingColumn,
} from '../../typing/index.js';
import { DIGEST, digestAfter } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';
import { DUCKDB_TYPES } from './types.js';

const OWN_SCHEMA = 'sluice';
export const GENERATION = '_sluice_generation_';

type Table = Pick<StreamTarget, 'namespace' | 'table'>;

/** A generation lies beside its table: DuckDB renames within a schema only. */
export const generationOf = (row: Pick<StreamRow, 'id' | 'generation'>, { namespace }: Pick<Table, 'namespace'>): Table => ({
  namespace,
  table: `${GENERATION}${row.id}_${row.generation}`,
});

/** See seen-keys: dropped with the generations. */
export const seenTable = (streamId: string): Table => ({ namespace: OWN_SCHEMA, table: `${GENERATION}${streamId}_seen` });

/** The relation that a run's rows go to. */
export const loadedTable = (row: Pick<StreamRow, 'id' | 'generation' | 'loading'>, target: Table): Table =>
  row.loading ? generationOf(row, target) : target;

export const relationOf = ({ namespace, table }: Table): string => qualified(namespace, table);

/** Drops what abandoned runs of the stream left, wherever it lies. In the caller's transaction. */
export async function dropGenerations(session: Session, id: string): Promise<void> {
  const what = 'dropping an abandoned generation';
  const tables = await session.query<{ namespace: string; table: string }>(
    what,
    `SELECT schema_name AS namespace, table_name AS "table" FROM duckdb_tables() WHERE NOT temporary AND starts_with(table_name, $1)`,
    [`${GENERATION}${id}_`],
  );
  for (const table of tables) await session.query(what, `DROP TABLE ${relationOf(table)}`);
}

/** Takes the table for this stream, or says whose it is. In the caller's transaction. Errors: TABLE_OWNED, TABLE_SHAPE_CONFLICT. */
export async function ownTable(session: Session, ref: StreamRef, { namespace, table }: Table): Promise<void> {
  const what = `taking the table ${namespace}.${table}`;
  if (namespace.toLowerCase() === OWN_SCHEMA) throw conflict({ namespace, table }, 'this schema holds Sluice’s own tables');
  const [owner] = await session.query<{ installation: string; sync_id: string; stream: string }>(
    what,
    'SELECT installation, sync_id, stream FROM sluice.table_owner WHERE lower(schema_name) = lower($1) AND lower(table_name) = lower($2)',
    [namespace, table],
  );
  if (!owner) {
    const values = [namespace, table, ref.installation, ref.syncId, ref.stream];
    await session.query(what, 'INSERT INTO sluice.table_owner VALUES ($1, $2, $3, $4, $5)', values);
    return;
  }
  const ours = owner.installation === ref.installation;
  if (ours && owner.sync_id === ref.syncId && owner.stream === ref.stream) return;
  const whose = ours ? `stream ${owner.stream} of sync ${owner.sync_id}` : 'another installation of Sluice';
  throw new SluiceError('TABLE_OWNED', {
    detail: `${namespace}.${table} belongs to ${whose}`,
    details: { table: `${namespace}.${table}`, ...(ours ? { sync: owner.sync_id } : {}) },
  });
}

interface TableColumn {
  name: string;
  words: string;
  nullable: boolean;
  preset: string | null;
}

/** null: there is no such table. */
export async function readColumns(session: Session, table: Table): Promise<readonly TableColumn[] | null> {
  const columns = await session.query<TableColumn>(
    `looking at the table ${table.namespace}.${table.table}`,
    `SELECT column_name AS name, data_type AS words, is_nullable AS nullable, column_default AS preset FROM duckdb_columns()
     WHERE database_name = current_database() AND lower(schema_name) = lower($1) AND lower(table_name) = lower($2) ORDER BY column_index`,
    [table.namespace, table.table],
  );
  return columns.length === 0 ? null : columns;
}

const TYPES = new Map(
  Object.entries(DUCKDB_TYPES)
    .filter(([type]) => type !== 'numeric')
    .map(([type, words]) => [words, type as ColumnType]),
);

interface Shape {
  target: StreamTarget;
  columns: readonly Column[];
  /** What the stream made earlier, and may change. */
  known: readonly Column[];
  /** What the rows of the table were written with, of which their digests are made; empty: there are none. */
  digested: readonly Column[];
}

/**
 * Makes the table fit, in the caller's transaction, and returns the columns with the types that they have there. Errors: TABLE_SHAPE_CONFLICT, SCHEMA_FROZEN, DESTINATION_UNSUPPORTED.
 */
export async function shapeTable(session: Session, { target, columns, known, digested }: Shape): Promise<readonly Column[]> {
  const what = `shaping the table ${target.namespace}.${target.table}`;
  const managed = managedColumns(columns, target);
  const found = await readColumns(session, target);
  const mine = [...known, ...managedColumns(known, target)];
  const keys = namesOf(columns, target);
  const step = evolve(found?.map((column) => existing(column, mine)) ?? null, [...columns, ...managed], {
    known: mine,
    fixed: [...keys.primaryKey, ...(keys.cursorField === null ? [] : [keys.cursorField])],
  });
  switch (step.kind) {
    case 'create':
      if (columns.length === 0)
        throw new SluiceError('DESTINATION_UNSUPPORTED', {
          detail: 'a DuckDB table needs a column: name the fields to load in the stream’s schema or in `fields`',
        });
      await session.query(what, `CREATE SCHEMA IF NOT EXISTS ${ident(target.namespace)}`);
      await createTable(session, target, [...columns, ...managed]);
      return columns;
    case 'conflict':
      throw conflict(target, step.problems.join('; '));
    case 'change': {
      const { contract = {} } = target;
      const added = step.add.find(({ path }) => path.length > 0);
      if (known.length > 0 && added && contract.newFields === 'freeze')
        throw new SluiceError('SCHEMA_FROZEN', { detail: `the schema has a new field ${fieldOf(added.path)}` });
      const [widened] = step.widenings;
      if (known.length > 0 && widened && contract.typeConflicts === 'freeze')
        throw new SluiceError('SCHEMA_FROZEN', { detail: `the column ${widened.column.name} is ${widened.from}` });
      const alter = `ALTER TABLE ${relationOf(target)}`;
      const recorded = step.columns.filter(({ path }) => path.length > 0);
      const digest = digestAfter(DIGESTS, {
        ...{ target, digested, recorded, present: new Set(found?.map(({ name }) => name)) },
        converted: (from, to) => converted(ident(from.name), from.type, to.type),
      });
      // Of the values as they are before they are widened.
      if (digest !== null) await session.query(what, `${alter} ALTER COLUMN ${DIGEST} SET DATA TYPE BIGINT USING ${digest}`);
      for (const { name, type } of step.add)
        await session.query(what, `${alter} ADD COLUMN ${ident(name)} ${DUCKDB_TYPES[type]}`);
      for (const { column, from } of step.widenings)
        await session.query(
          what,
          `${alter} ALTER COLUMN ${ident(column.name)} SET DATA TYPE ${DUCKDB_TYPES[column.type]} USING ${converted(ident(column.name), from, column.type)}`,
        );
      return recorded;
    }
    default: {
      const never: never = step;
      throw new Error(`unknown evolution ${String(never)}`);
    }
  }
}

export async function createTable(session: Session, table: Table, columns: readonly Column[]): Promise<void> {
  const list = columns.map(({ name, type }) => `${ident(name)} ${DUCKDB_TYPES[type]}`).join(', ');
  await session.query(`making the table ${table.namespace}.${table.table}`, `CREATE TABLE ${relationOf(table)} (${list})`);
}

/** A table's column as `evolve` takes it. `mine`: what the stream made there. */
export function existing({ name, words, nullable, preset }: TableColumn, mine: readonly Column[]): ExistingColumn {
  const own = mine.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const type = own !== undefined && DUCKDB_TYPES[own.type] === words ? own.type : (TYPES.get(words) ?? null);
  return { name, type, words, notNull: !nullable, filled: preset !== null, computed: false };
}

/** The value in the wider type. Times become ISO 8601 texts, as JSON has them; bytes base64. */
function converted(column: string, from: ColumnType, to: ColumnType): string {
  if (to === 'jsonb') return from === 'numeric' ? `${column}::JSON` : `to_json(${written(column, from)})`;
  return `${written(column, from)}::${DUCKDB_TYPES[to]}`;
}

function written(column: string, from: ColumnType): string {
  switch (from) {
    case 'timestamptz':
      return `strftime(timezone('UTC', ${column}), ${literal('%Y-%m-%dT%H:%M:%S.%fZ')})`;
    case 'timestamp':
      return `strftime(${column}, ${literal('%Y-%m-%dT%H:%M:%S.%f')})`;
    case 'bytea':
      return `base64(${column})`;
    case 'time':
    case 'timetz':
    case 'date':
    case 'uuid':
      return `${column}::VARCHAR`;
    default:
      return column;
  }
}

export const conflict = ({ namespace, table }: Table, problem: string): SluiceError =>
  new SluiceError('TABLE_SHAPE_CONFLICT', {
    detail: `${namespace}.${table}: ${problem}`,
    details: { table: `${namespace}.${table}` },
  });
