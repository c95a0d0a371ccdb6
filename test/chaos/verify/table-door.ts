import pg from 'pg';
import type { Destination } from '../options.js';
import type { NewSync } from '../sluice-door.js';
import { whenReleased } from '../duckdb-mirror.js';

export interface Change {
  sql: string;
  values: readonly number[];
}

/** A destination's tables as somebody reads and changes them who is not Sluice. */
export interface TableDoor {
  readonly destination: Destination;
  /** What syncs have to be told so that `versions` sees who wrote a row. */
  readonly told: Pick<NewSync, 'metadata'>;
  change(changes: readonly Change[]): Promise<void>;
  /** Of each row by its id, what changes whenever somebody writes it. */
  versions(relation: string): Promise<Map<string, string>>;
  close(): Promise<void>;
}

export async function postgresDoor(url: string): Promise<TableDoor> {
  const session = new pg.Client({ connectionString: url, application_name: 'sluice-chaos' });
  await session.connect();
  return {
    destination: 'postgres',
    told: {},
    change: async (changes) => {
      for (const { sql, values } of changes) await session.query(sql, [...values]);
    },
    /** Where the row lies and which transaction wrote it. */
    versions: async (relation) => {
      const { rows } = await session.query<{ id: string; at: string }>(
        `SELECT id::text, ctid || '/' || xmin AS at FROM ${relation}`,
      );
      return new Map(rows.map(({ id, at }) => [id, at]));
    },
    close: () => session.end(),
  };
}

/** Has the file only as long as it is asked something. */
export function duckdbDoor(file: string): TableDoor {
  const ask = async (changes: readonly Change[]): Promise<unknown[][]> => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await whenReleased(() => DuckDBInstance.create(file));
    try {
      const session = await instance.connect();
      let rows: unknown[][] = [];
      for (const { sql, values } of changes) rows = (await session.runAndReadAll(sql, [...values])).getRows();
      session.closeSync();
      return rows;
    } finally {
      instance.closeSync();
    }
  };
  return {
    destination: 'duckdb',
    told: { metadata: ['run', 'loaded_at'] },
    change: async (changes) => {
      await ask(changes);
    },
    /** All of the row, with the run that wrote it and when. */
    versions: async (relation) =>
      new Map(
        (await ask([{ sql: `SELECT id::VARCHAR, md5(t::VARCHAR) FROM ${relation} t`, values: [] }])).map(([id, at]) => [
          String(id),
          String(at),
        ]),
      ),
    close: () => Promise.resolve(),
  };
}
