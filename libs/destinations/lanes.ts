import type { StreamRef, StreamTarget } from '../contracts/destination.port.js';
import { SluiceError } from '../errors/index.js';
import { pathKey, type ChildTable, type Column } from '../typing/index.js';

/** A stream's row in one lane. All lanes of a stream load one table. */
export interface LaneRow {
  id: string;
  lane: string;
  loading: boolean;
  reset: boolean;
  schemaVersion: number;
}

type LaneVersion = Pick<LaneRow, 'id' | 'schemaVersion'>;

const LIVE = 'live';

/**
 * Whether a lane beside the live one may load now, and what it loads. Only a merge that compares cursors can be told old from new whoever comes
 * first; and what is merged into a table that a generation is about to replace would be lost. Errors: BACKFILL_NOT_POSSIBLE, BACKFILL_BLOCKED.
 */
export function assertBesideLive(lanes: readonly LaneRow[], ref: StreamRef, target: StreamTarget): void {
  if (ref.lane === LIVE) return;
  if (target.mode !== 'incremental_upsert' || target.cursorField === null || target.deletes !== undefined)
    throw new SluiceError('BACKFILL_NOT_POSSIBLE', { detail: `the stream ${ref.stream}`, details: { stream: ref.stream } });
  const live = lanes.find(({ lane }) => lane === LIVE);
  if (live?.loading === true || live?.reset === true)
    throw new SluiceError('BACKFILL_BLOCKED', {
      detail: `the stream ${ref.stream} is being loaded anew`,
      details: { stream: ref.stream },
    });
}

/** Every column that the stream has or had in any lane, as `read` knows those of one: a field has one name. */
export async function knownInLanes(
  lanes: readonly LaneRow[],
  read: (id: string) => Promise<readonly Column[]>,
): Promise<readonly Column[]> {
  const ordered = [...lanes].sort((a, b) => Number(b.lane === LIVE) - Number(a.lane === LIVE));
  const columns = new Map<string, Column>();
  for (const { id } of ordered)
    for (const column of await read(id)) {
      const path = pathKey(column.path);
      if (!columns.has(path)) columns.set(path, column);
    }
  return [...columns.values()];
}

/** What a stream's tables look like at a schema version. */
export interface Layout {
  columns: readonly Column[];
  /** The tables of its lists. */
  children: readonly ChildTable[];
}

/** The layout that the tables' rows were written with, as `read` knows that of one lane: all have the same. Empty: no lane has loaded yet. */
export async function layoutInLanes(
  own: LaneVersion,
  lanes: readonly LaneVersion[],
  read: (lane: LaneVersion) => Promise<Layout>,
): Promise<Layout> {
  const written = [own, ...lanes].find(({ schemaVersion }) => schemaVersion > 0);
  return written === undefined ? { columns: [], children: [] } : read(written);
}

/** What one lane made of the table the others take over: their writers are refused at their commits, and read on with the new columns. */
export async function shareLayout(
  lanes: readonly LaneRow[],
  own: { id: string; columns: readonly Column[] },
  {
    record,
    raise,
  }: {
    /** Remembers a lane's columns; its version after that. */
    record: (lane: LaneRow, columns: readonly Column[]) => Promise<number>;
    raise: (id: string, version: number) => Promise<unknown>;
  },
): Promise<void> {
  for (const lane of lanes) {
    if (lane.id === own.id || lane.schemaVersion === 0) continue;
    const version = await record(lane, own.columns);
    if (version !== lane.schemaVersion) await raise(lane.id, version);
  }
}
