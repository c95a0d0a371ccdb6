import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { createDestination } from '../../libs/destinations/registry.js';
import type { DestinationWorld } from './destination-world.js';

export interface DuckdbWorld extends DestinationWorld {
  folder: string;
  file: string;
  sql(statement: string): Promise<SourceRecord[]>;
}

/** A DuckDB file of its own. What is read goes through the instance that the destination shares, as DuckDB keeps one for a file and process. */
export async function duckdbWorld(): Promise<DuckdbWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-duckdb-'));
  const file = join(folder, 'warehouse.duckdb');
  const connect = (): Destination =>
    createDestination({ connector: 'duckdb', config: { path: 'warehouse.duckdb' }, secrets: {}, duckdbFolder: folder });
  const sql = async (statement: string): Promise<SourceRecord[]> => {
    const { takeSession } = await import('../../libs/destinations/duckdb/database.js');
    const { session, give } = await takeSession(file, { path: 'warehouse.duckdb', memory_limit_mb: 512, threads: 2 });
    try {
      return await session.query<SourceRecord>('reading', statement);
    } finally {
      give();
    }
  };
  return {
    folder,
    file,
    connect,
    sql,
    rows: async (table) =>
      (await sql(`SELECT to_json(t)::VARCHAR AS row FROM public."${table}" t`)).map(
        ({ row }) => JSON.parse(String(row)) as SourceRecord,
      ),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
