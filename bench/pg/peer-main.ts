import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import { peakMemoryMb } from '../memory.js';
import { columnsWith, TABLE } from './source-table.js';

/** The bare loaders that Sluice is measured against, each a process of its own: `peer-main.js merge|cursor SOURCE_URL WAREHOUSE_URL TABLE`. */
const CHUNK_ROWS = 20_000;
const NEWLINE = 0x0a;
const SPECIAL = /[\\\t\n\r]/;

const [kind = '', sourceUrl = '', warehouseUrl = '', table = ''] = process.argv.slice(2);
const source = new pg.Client({ connectionString: sourceUrl });
const warehouse = new pg.Client({ connectionString: warehouseUrl });
const started = performance.now();
await Promise.all([source.connect(), warehouse.connect()]);
const rows = kind === 'merge' ? await merge() : await cursor();
await Promise.all([source.end(), warehouse.end()]);
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ rows, seconds, peakMemoryMb: peakMemoryMb(process.pid) })}\n`);

/** COPY text → a temporary table → INSERT … ON CONFLICT DO UPDATE of what differs, a chunk a transaction. */
async function merge(): Promise<number> {
  await warehouse.query(`CREATE TABLE ${table} (${columnsWith({ key: true })})`);
  await warehouse.query(`CREATE TEMP TABLE stage (LIKE ${table}) ON COMMIT DELETE ROWS`);
  const { rows: columns } = await warehouse.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'stage'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  const rest = columns.map(({ name }) => name).filter((name) => name !== 'id');
  const list = (alias: string): string => `(${rest.map((name) => `${alias}.${name}`).join(', ')})`;
  const statement = `INSERT INTO ${table} AS t SELECT DISTINCT ON (id) * FROM stage ORDER BY id, updated_at DESC
    ON CONFLICT (id) DO UPDATE SET ${rest.map((name) => `${name} = excluded.${name}`).join(', ')}
    WHERE excluded.updated_at >= t.updated_at AND ${list('t')} IS DISTINCT FROM ${list('excluded')}`;
  let [total, inChunk] = [0, 0];
  let chunk: ReturnType<typeof copyIn> | undefined;
  const end = async (): Promise<void> => {
    if (!chunk) return;
    chunk.end();
    await once(chunk, 'finish');
    chunk = undefined;
    inChunk = 0;
    await warehouse.query(statement);
    await warehouse.query('COMMIT');
  };
  for await (const data of source.query(
    copyTo(`COPY (SELECT * FROM ${TABLE} ORDER BY updated_at, id) TO STDOUT`),
  ) as AsyncIterable<Buffer>) {
    if (!chunk) {
      await warehouse.query(`BEGIN; SET LOCAL work_mem = '32MB'`);
      chunk = copyIn('stage');
    }
    if (!chunk.write(data)) await once(chunk, 'drain');
    for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) inChunk += 1;
    if (inChunk < CHUNK_ROWS || data[data.length - 1] !== NEWLINE) continue;
    total += inChunk;
    await end();
  }
  total += inChunk;
  await end();
  return total;
}

/** pg-cursor with its type parsers off, rows as arrays, COPY text, a chunk a transaction. */
async function cursor(): Promise<number> {
  await warehouse.query(`CREATE TABLE ${table} (${columnsWith({ key: false })})`);
  const asText = { getTypeParser: () => (value: string | Buffer) => value as string };
  const reading = source.query(
    new Cursor<(string | null)[]>(`SELECT * FROM ${TABLE} ORDER BY updated_at, id`, [], {
      rowMode: 'array',
      types: asText,
    } as never),
  );
  let total = 0;
  for (;;) {
    const chunk = copyIn(table);
    let inChunk = 0;
    while (inChunk < CHUNK_ROWS) {
      const page = await reading.read(1_000);
      if (page.length === 0) break;
      let lines = '';
      for (const row of page) lines += `${row.map((value) => (value === null ? '\\N' : escaped(value))).join('\t')}\n`;
      if (!chunk.write(lines)) await once(chunk, 'drain');
      inChunk += page.length;
    }
    chunk.end();
    await once(chunk, 'finish');
    total += inChunk;
    if (inChunk < CHUNK_ROWS) break;
  }
  return total;
}

function copyIn(into: string) {
  return warehouse.query(copyFrom(`COPY ${into} FROM STDIN`));
}

function escaped(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(/\\/g, '\\\\').replace(/\t/g, '\\t').replace(/\n/g, '\\n').replace(/\r/g, '\\r');
}
