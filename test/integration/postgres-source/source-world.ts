import pg from 'pg';
import type { CopyTarget, Page, Source } from '../../../libs/contracts/source.port.js';
import type { JsonValue } from '../../../libs/contracts/json.js';
import type { Position, Slice, SourceRecord, StreamState } from '../../../libs/contracts/stream.js';
import { recordsOf } from '../../../libs/pipeline/index.js';
import { parsePostgresSourceConfig, PostgresSource } from '../../../libs/sources/postgres/index.js';
import { createTestDatabase } from '../../support/test-database.js';

export interface SourceWorld {
  /** A superuser's session in the source's database. */
  sql: pg.Client;
  url: URL;
  open(config?: Record<string, unknown>, sliceBytes?: number): Source;
  close(): Promise<void>;
}

/** A database of its own to read from. */
export async function sourceWorld(): Promise<SourceWorld> {
  const database = await createTestDatabase('source');
  const url = new URL(database.url);
  const sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  const opened: Source[] = [];
  return {
    sql,
    url,
    open(config = {}, sliceBytes) {
      const server = { host: url.hostname, port: Number(url.port), database: url.pathname.slice(1) };
      const user = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
      const options = { config: parsePostgresSourceConfig({ ...server, ...user, ...config }) };
      const source = new PostgresSource(sliceBytes === undefined ? options : { ...options, sliceBytes });
      opened.push(source);
      return source;
    },
    async close() {
      await Promise.all(opened.map((source) => source.close()));
      await sql.end();
      await database.drop();
    },
  };
}

const signal = (): AbortSignal => new AbortController().signal;

export async function plan(
  source: Source,
  stream: string,
  { state = null, incremental = false }: { state?: StreamState; incremental?: boolean } = {},
) {
  const slices: Slice[] = [];
  let after: JsonValue | null = null;
  do {
    const page = await source.slices({ stream, state, now: new Date().toISOString(), incremental, after });
    slices.push(...page.slices);
    after = page.next;
  } while (after !== null);
  return slices;
}

export async function pages(
  source: Source,
  stream: string,
  slice: Slice,
  { position = null, accept }: { position?: Position | null; accept?: CopyTarget } = {},
): Promise<Page[]> {
  const found: Page[] = [];
  for await (const page of source.read({ stream, slice, position, signal: signal(), ...(accept && { accept }) }))
    found.push(page);
  return found;
}

export async function readAll(source: Source, stream: string): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for (const slice of await plan(source, stream))
    for (const page of await pages(source, stream, slice)) records.push(...recordsOf(page));
  return records;
}

/** One incremental run: what was read, and the state after it. */
export async function readNew(
  source: Source,
  stream: string,
  state: StreamState,
): Promise<{ records: SourceRecord[]; state: StreamState }> {
  const records: SourceRecord[] = [];
  for (const slice of await plan(source, stream, { state, incremental: true })) {
    let position: Position | null = null;
    for (const page of await pages(source, stream, slice)) {
      records.push(...recordsOf(page));
      ({ position } = page);
    }
    state = source.complete({ stream, slice, position, state });
  }
  return { records, state };
}
