import pg from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import { compileEncode } from './encode.js';
import type { Job } from './job.js';
import { readPages } from './pages.js';

interface Chunk {
  lane: Lane;
  stream: CopyStreamQuery;
  ended: Promise<void>;
  rows: number;
}

interface Lane {
  client: pg.Client;
  /** Where COPY goes: the table itself, or this connection's stage. */
  target: string;
}

/**
 * The least that loads pages exactly once: COPY (to a stage and merge, for upsert), checkpoint and COMMIT in one transaction, two connections
 * by turns so that one chunk is copied while the other one is committed. Nothing else of what Sluice does. Returns the rows loaded.
 */
export async function load(job: Job): Promise<{ rows: number; seconds: number }> {
  const started = performance.now();
  const lanes = await Promise.all(Array.from({ length: job.connections }, (_, index) => openLane(job, index)));
  const encode = compileEncode(job.columns);
  const names = job.columns.map(([name]) => name).join(', ');
  let free: Promise<Lane>[] = lanes.map((lane) => Promise.resolve(lane));
  let lastCommit: Promise<unknown> = Promise.resolve();
  let rows = 0;
  let chunk: Chunk | null = null;
  const close = (open: Chunk): void => {
    const before = lastCommit;
    const position = rows;
    const committed = commit(job, open, before, position, names);
    committed.catch(() => undefined);
    lastCommit = committed;
    free.push(committed);
  };
  for await (const page of readPages(job.source)) {
    chunk ??= await openChunk(await (free.shift() as Promise<Lane>), names);
    if (!chunk.stream.write(encode(page))) await drained(chunk);
    chunk.rows += page.length;
    rows += page.length;
    if (chunk.rows < job.chunkRows) continue;
    close(chunk);
    chunk = null;
  }
  if (chunk !== null) close(chunk);
  await lastCommit;
  free = [];
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(lanes.map(({ client }) => client.end()));
  return { rows, seconds };
}

async function openLane({ databaseUrl, table, columns, mode, key }: Job, index: number): Promise<Lane> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const definitions = columns.map(([name, type]) => `${name} ${type}`).join(', ');
  if (index === 0) {
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} (${definitions}${key === null ? '' : `, PRIMARY KEY (${key})`})`);
    await client.query('CREATE TABLE IF NOT EXISTS bare_checkpoint (stream text PRIMARY KEY, position bigint NOT NULL)');
  }
  if (mode === 'append') return { client, target: table };
  await client.query(`CREATE TEMP TABLE stage (${definitions}) ON COMMIT DELETE ROWS`);
  return { client, target: 'stage' };
}

async function openChunk(lane: Lane, names: string): Promise<Chunk> {
  await lane.client.query('BEGIN');
  const stream = lane.client.query(copyFrom(`COPY ${lane.target} (${names}) FROM STDIN`));
  const ended = new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  ended.catch(() => undefined);
  return { lane, stream, ended, rows: 0 };
}

const drained = ({ stream, ended }: Chunk): Promise<unknown> =>
  Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ended]);

/** Merges may overlap; commits come in the order of reading, so that the checkpoint is always what it says. */
async function commit(job: Job, chunk: Chunk, before: Promise<unknown>, position: number, names: string): Promise<Lane> {
  const { client } = chunk.lane;
  chunk.stream.end();
  await chunk.ended;
  if (job.mode === 'upsert') await client.query(mergeStatement(job, names));
  await before;
  await client.query(
    `INSERT INTO bare_checkpoint VALUES ('${job.table}', ${position}) ON CONFLICT (stream) DO UPDATE SET position = excluded.position; COMMIT`,
  );
  return chunk.lane;
}

/** The guard of Sluice's own upsert: a row is replaced when the new one is not older, and differs. */
function mergeStatement({ table, columns, key, cursor }: Job, names: string): string {
  if (key === null) throw new Error('upsert needs a key');
  const others = columns.map(([name]) => name).filter((name) => name !== key);
  const set = others.map((name) => `${name} = excluded.${name}`).join(', ');
  const of = (relation: string): string => `(${others.map((name) => `${relation}.${name}`).join(', ')})`;
  const guard = cursor === null ? '' : `t.${cursor} <= excluded.${cursor} AND `;
  return `INSERT INTO ${table} AS t (${names}) SELECT ${names} FROM stage ON CONFLICT (${key}) DO UPDATE SET ${set} WHERE ${guard}${of('t')} IS DISTINCT FROM ${of('excluded')}`;
}
