import { ident, qualified, type PgSession } from '../../postgres/index.js';
import type { StreamState } from '../../contracts/stream.js';
import { isKeyset } from './keyset.js';
import type { CursorColumn } from './describe-table.js';
import { progressOf, windowsUpTo } from './cursor-state.policy.js';
import { closeNumber, closeTime, timeBound, type Bound, type Closing } from './cursor-window.policy.js';
import { observe } from './observe.js';
import type { SliceSpec } from './slice-spec.js';
import type { SourceTable } from './source-table.js';

/** Of the table on disk: a second or two of reading, so that movers share a table evenly and an interruption costs little. */
export const SLICE_BYTES = 32 * 1024 * 1024;
/** Slices of larger tables are larger; what failed slices left of earlier runs may cut some in two. */
const MOST_SLICES = 500;
/** The first server with TID range scans. */
const TID_RANGES = 140_000;
const INTEGERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8']);

const slicesWorth = ({ bytes }: SourceTable, sliceBytes: number): number =>
  Math.min(MOST_SLICES, Math.max(1, Math.ceil(bytes / sliceBytes)));

/** What the reader of a full read is told where the role may not export a snapshot, and the table has no key to cut it by. */
const IN_ONE_PIECE =
  'the table has no key and the role may not export a snapshot: it is read in one piece, as of one moment, by one mover, and begins again when it is interrupted. ' +
  'For slices: GRANT EXECUTE ON FUNCTION pg_export_snapshot() to the connection’s role, or give the table a primary key';

export interface FullPlan {
  specs: SliceSpec[];
  /** What the run should say of it. */
  warnings?: readonly string[];
}

const whole: FullPlan = { specs: [{ kind: 'all' }] };

/** A full read in ranges of its key, or of its blocks where it has none that tells a place, if it is large enough. */
export async function planFull(
  session: PgSession,
  table: SourceTable,
  { sliceBytes, snapshots }: { sliceBytes: number; snapshots: boolean },
): Promise<FullPlan> {
  const first = table.columns.find(({ name }) => name === table.key[0]);
  const wanted = slicesWorth(table, sliceBytes);
  if (wanted === 1) return whole;
  if (first === undefined || !isKeyset(table)) return snapshots ? planBlocks(session, table, wanted) : whole;
  const known = await histogram(session, table, first.name);
  const even = known.length === 0 && INTEGERS.has(first.base);
  const cuts = pick(even ? await evenCuts(session, table, { column: first.name, parts: wanted }) : known, wanted);
  const ends = [null, ...cuts, null];
  return { specs: ends.slice(1).map((to, index) => ({ kind: 'keys', from: ends[index] ?? null, to })) };
}

/**
 * In ranges of blocks, where the server finds them without reading the rest (PostgreSQL 14). A row that is updated moves to another block, so
 * the ranges fit together in one snapshot only: a role that may not export one reads the table in one piece.
 */
async function planBlocks(session: PgSession, { kind, bytes }: SourceTable, parts: number): Promise<FullPlan> {
  const [server] = await session.query<{ version: number; block: number; exports: boolean }>(
    'asking what the server can do',
    `SELECT current_setting('server_version_num')::integer AS version, current_setting('block_size')::integer AS block,
       has_function_privilege('pg_export_snapshot()', 'EXECUTE') AS exports`,
  );
  if (server === undefined || (kind !== 'r' && kind !== 'm') || server.version < TID_RANGES) return whole;
  if (!server.exports) return { ...whole, warnings: [IN_ONE_PIECE] };
  const each = Math.ceil(bytes / server.block / parts);
  const to = (n: number): number | null => (n === parts - 1 ? null : (n + 1) * each);
  return { specs: Array.from({ length: parts }, (_, n) => ({ kind: 'blocks', from: n * each, to: to(n) })) };
}

/** Where an incremental read is to end; null: there is nothing. */
export async function closeCursor(
  session: PgSession,
  table: SourceTable,
  { cursor, lagSeconds }: { cursor: CursorColumn; lagSeconds: number },
): Promise<Closing | null> {
  const column = ident(cursor.name);
  if (cursor.order === 'number') {
    const [row] = await session.query<{ greatest: string | null }>(
      'looking for the cursor’s greatest value',
      `SELECT max(${column})::text AS greatest FROM ${qualified(table.schema, table.name)}`,
    );
    const greatest = row?.greatest ?? null;
    return greatest === null ? null : closeNumber(greatest, await observe(session));
  }
  const { end, ...waits } = closeTime(await observe(session), BigInt(Math.round(lagSeconds * 1_000_000)));
  return { upper: timeBound(end + (cursor.base === 'timestamp' ? await earliestOffset(session, end) : 0n)), ...waits };
}

/** What is new up to the closing's end, in windows; in one where the cursor has no index: each would read the whole table. */
export async function planWindows(
  session: PgSession,
  table: SourceTable,
  { cursor, state, upper, sliceBytes }: { cursor: CursorColumn; state: StreamState; upper: Bound; sliceBytes: number },
): Promise<SliceSpec[]> {
  const parts = table.indexed.includes(cursor.name) ? slicesWorth(table, sliceBytes) : 1;
  const known = parts === 1 ? [] : pick(await histogram(session, table, cursor.name), parts);
  const cuts = cursor.order === 'number' ? known : known.flatMap((text) => timeCut(text) ?? []);
  const windows = windowsUpTo(progressOf(state, cursor), upper, cuts);
  return windows.map((window) => ({ kind: 'window', cursor: cursor.name, order: cursor.order, ...window }));
}

/** Values that the statistics say divide the table evenly; they need not be up to date. */
async function histogram(session: PgSession, { schema, name }: SourceTable, column: string): Promise<string[]> {
  const [row] = await session.query<{ bounds: string[] | null }>(
    'reading the table’s statistics',
    `SELECT histogram_bounds::text::text[] AS bounds FROM pg_stats
     WHERE schemaname = $1 AND tablename = $2 AND attname = $3 ORDER BY inherited DESC LIMIT 1`,
    [schema, name, column],
  );
  return row?.bounds?.slice(1, -1) ?? [];
}

async function evenCuts(
  session: PgSession,
  { schema, name }: SourceTable,
  { column, parts }: { column: string; parts: number },
): Promise<string[]> {
  const [row] = await session.query<{ low: string | null; high: string | null }>(
    'looking for the ends of the key',
    `SELECT min(${ident(column)})::text AS low, max(${ident(column)})::text AS high FROM ${qualified(schema, name)}`,
  );
  if (row?.low == null || row.high === null) return [];
  const [low, high] = [BigInt(row.low), BigInt(row.high)];
  const cuts = Array.from({ length: parts - 1 }, (_, n) => low + ((high - low) * BigInt(n + 1)) / BigInt(parts));
  return [...new Set(cuts)].filter((cut) => cut > low).map(String);
}

/** `parts - 1` of the cuts, evenly. Pure. */
function pick(cuts: readonly string[], parts: number): string[] {
  if (cuts.length < parts) return [...cuts];
  return Array.from({ length: parts - 1 }, (_, n) => cuts[Math.floor(((n + 1) * cuts.length) / parts)] as string);
}

/** A time as PostgreSQL shows it, as a bound; null: it is none (infinity, BC). */
function timeCut(text: string): Bound | null {
  const [, day, time, fraction = ''] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?$/.exec(text) ?? [];
  return day === undefined ? null : `${day} ${time}.${fraction.padEnd(6, '0')}`;
}

/** Times without a zone are the server's own or UTC: the earlier of the two is below both. In microseconds. */
async function earliestOffset(session: PgSession, at: bigint): Promise<bigint> {
  const [row] = await session.query<{ offset: string }>(
    'asking for the server’s time zone',
    `SELECT least(0, (extract(epoch FROM (to_timestamp($1::float8) AT TIME ZONE reset_val) - (to_timestamp($1::float8) AT TIME ZONE 'UTC')) * 1000000)::bigint) AS offset
     FROM pg_settings WHERE name = 'TimeZone'`,
    [String(at / 1_000_000n)],
  );
  return BigInt(row?.offset ?? 0);
}
