import type { DuckDBConnection } from '@duckdb/node-api';
import pg from 'pg';
import { ident, qualified } from '../../libs/postgres/index.js';
import { pause } from './wait.js';

/** A worker keeps the file for a moment after its last use; longer than this nobody may have it. */
const RELEASED_WITHIN_MS = 10_000;
const EVERY_MS = 100;
const ROWS_AT_A_TIME = 5_000;
const RUN = '_sluice_run';

interface Column {
  name: string;
  /** PostgreSQL's. */
  type: string;
}

/**
 * Shows tables of a DuckDB file in a PostgreSQL schema, as they are, so that they are judged as PostgreSQL's own. Types are those that Sluice keeps
 * with the stream. Rows that name their run come in one transaction a run, the oldest first.
 */
export class DuckdbMirror {
  constructor(
    private readonly file: string,
    private readonly postgresUrl: string,
    private readonly schema: string,
  ) {}

  /** When no run loads the file. A table that is not there is left out. */
  async show(tables: readonly string[]): Promise<void> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await whenReleased(() => DuckDBInstance.create(this.file));
    const postgres = new pg.Client({ connectionString: this.postgresUrl });
    await postgres.connect();
    try {
      const duckdb = await instance.connect();
      await duckdb.run(`SET TimeZone = 'UTC'`);
      for (const table of tables) await this.copy(duckdb, postgres, table);
      duckdb.closeSync();
    } finally {
      await postgres.end();
      instance.closeSync();
    }
  }

  private async copy(duckdb: DuckDBConnection, postgres: pg.Client, table: string): Promise<void> {
    const columns = await this.columns(duckdb, table);
    if (columns.length === 0) return;
    const target = qualified(this.schema, table);
    await postgres.query(`CREATE SCHEMA IF NOT EXISTS ${ident(this.schema)}`);
    await postgres.query(`DROP TABLE IF EXISTS ${target}`);
    await postgres.query(`CREATE TABLE ${target} (${columns.map(({ name, type }) => `${ident(name)} ${type}`).join(', ')})`);
    const list = columns.map(({ name }) => `${ident(name)}::VARCHAR`).join(', ');
    const values = columns.map(({ type }, index) => `c${index}::${type}`).join(', ');
    const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
    const insert = `INSERT INTO ${target} SELECT ${values} FROM unnest(${arrays}) AS u(${columns.map((_, index) => `c${index}`).join(', ')})`;
    for (const where of await runsOf(duckdb, target, columns)) {
      const rows = await duckdb.stream(`SELECT ${list} FROM ${target} WHERE ${where}`);
      await postgres.query('BEGIN');
      let batch: unknown[][] = [];
      const flush = async (): Promise<void> => {
        if (batch.length > 0)
          await postgres.query(
            insert,
            columns.map((_, index) => batch.map((row) => row[index] ?? null)),
          );
        batch = [];
      };
      for await (const part of rows.yieldRows()) {
        batch.push(...part);
        if (batch.length >= ROWS_AT_A_TIME) await flush();
      }
      await flush();
      await postgres.query('COMMIT');
    }
  }

  private async columns(duckdb: DuckDBConnection, table: string): Promise<Column[]> {
    const found = await duckdb.runAndReadAll(
      `SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = $1 AND table_name = $2 ORDER BY column_index`,
      [this.schema, table],
    );
    const layouts = await duckdb.runAndReadAll(
      `SELECT l.columns FROM sluice.layout l JOIN sluice.stream s ON s.id = l.stream_id AND s.schema_version = l.schema_version
       JOIN sluice.table_owner o ON o.sync_id = s.sync_id AND o.stream = s.stream WHERE o.schema_name = $1 AND o.table_name = $2`,
      [this.schema, table],
    );
    const layout = JSON.parse(String(layouts.getRows()[0]?.[0] ?? '[]')) as Column[];
    const types = new Map(layout.map(({ name, type }) => [name, type]));
    return found
      .getRows()
      .map(([name, words]) => ({ name: String(name), type: types.get(String(name)) ?? OWN_TYPES[String(words)] ?? 'text' }));
  }
}

/** Tries again while a worker has the file. */
export async function whenReleased<T>(open: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + RELEASED_WITHIN_MS; ; await pause(EVERY_MS))
    try {
      return await open();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
}

/** Of columns that no field fills. */
const OWN_TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
};

/** Conditions that together hold for every row. */
async function runsOf(duckdb: DuckDBConnection, target: string, columns: readonly Column[]): Promise<string[]> {
  if (!columns.some(({ name }) => name === RUN)) return ['true'];
  const runs = await duckdb.runAndReadAll(
    `SELECT ${RUN} FROM ${target} t LEFT JOIN (SELECT run_id, min(committed_at) AS "at" FROM sluice.chunk GROUP BY 1) c ON c.run_id = t.${RUN}
     GROUP BY ALL ORDER BY min(c."at")`,
  );
  return runs.getRows().map(([run]) => (run === null ? `${RUN} IS NULL` : `${RUN} = '${String(run)}'`));
}
