import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { staleWriter } from '../stale-writer.js';
import type { JsonValue } from '../../contracts/json.js';
import type { Position, Slice } from '../../contracts/stream.js';
import type { Session } from './session.js';
import { ownStream, type StreamRow } from './stream-row.js';

export interface OpenRequest {
  ref: StreamRef;
  target: StreamTarget;
  slice: Slice;
  fence: number;
}

export interface OpenedSlice {
  stream: StreamRow;
  position: Position | null;
  seq: number;
  done: boolean;
}

interface Checkpoint {
  run: string;
  fence: number;
  seq: number;
  position: string | null;
  done: boolean;
}

/** Keys in one order, so that a slice that another run planned is recognised. */
const specText = (spec: JsonValue): string =>
  JSON.stringify(spec, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

/** Raises the fence and takes the position, in one transaction. An unfinished slice of an earlier run moves to this one. Errors: STALE_RUN, STALE_WRITER. */
export async function openSlice(session: Session, { ref, target, slice, fence }: OpenRequest): Promise<OpenedSlice> {
  const what = `opening a slice of ${ref.stream}`;
  const exact = target.resume === 'exact';
  return session.transaction(what, async () => {
    const stream = await ownStream(session, ref);
    const found = await session.query<Checkpoint & { spec: string }>(
      what,
      `SELECT run_id AS run, spec, fence::DOUBLE AS fence, seq, position, done FROM sluice.checkpoint
       WHERE stream_id = $1::BIGINT AND slice_id = $2 ORDER BY updated_at DESC`,
      [stream.id, slice.id],
    );
    const own = found.find(({ run }) => run === ref.runId);
    if (own && own.fence >= fence) throw staleWriter(ref, { slice, fence });
    if (own) {
      const position = exact || own.done ? own.position : null;
      await session.query(
        what,
        `UPDATE sluice.checkpoint SET fence = $4::BIGINT, position = $5::VARCHAR, updated_at = now()
         WHERE stream_id = $1::BIGINT AND slice_id = $2 AND run_id = $3`,
        [stream.id, slice.id, ref.runId, fence, position],
      );
      return { stream, position: parsePosition(position), seq: own.seq, done: own.done };
    }
    const spec = specText(slice.spec);
    const adoptable = target.mode === 'incremental_append' && exact && !stream.loading;
    const adopted = adoptable ? found.filter((row) => !row.done && row.spec === spec) : [];
    const latest = adopted.find(({ position }) => position !== null);
    for (const { run } of adopted)
      await session.query(what, 'DELETE FROM sluice.checkpoint WHERE stream_id = $1::BIGINT AND slice_id = $2 AND run_id = $3', [
        stream.id,
        slice.id,
        run,
      ]);
    if (latest)
      for (const table of ['boundary', 'boundary_hit'])
        await session.query(
          what,
          `UPDATE sluice.${table} SET run_id = $4 WHERE stream_id = $1::BIGINT AND slice_id = $2 AND run_id = $3`,
          [stream.id, slice.id, latest.run, ref.runId],
        );
    const position = latest?.position ?? null;
    await session.query(
      what,
      `INSERT INTO sluice.checkpoint VALUES ($1::BIGINT, $2, $3, $4, $5, $6::BIGINT, 0, $7::VARCHAR, false, $8, now())`,
      [stream.id, ref.runId, slice.id, spec, slice.partition, fence, position, adopted.length > 0],
    );
    return { stream, position: parsePosition(position), seq: 0, done: false };
  });
}

const parsePosition = (position: string | null): Position | null =>
  position === null ? null : (JSON.parse(position) as Position);
