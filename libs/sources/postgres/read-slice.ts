import type { BufferPool } from '../../buffers/index.js';
import type { CopyTarget, Page } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { CopyLines, FRAME_BYTES } from '../../copy-text/index.js';
import { SluiceError } from '../../errors/index.js';
import { qualified, type PgSession } from '../../postgres/index.js';
import { CopyOut, type FramedRows } from './copy-out.js';
import type { CursorColumn } from './describe-table.js';
import { clauses, placeOf } from './keyset.js';
import { placeInRow } from './place-in-row.js';
import { beginReading } from './snapshots.js';
import { rowFormat, type RowFormat } from './row-format.js';
import type { SliceSpec } from './slice-spec.js';
import type { SourceTable } from './source-table.js';

/** For one slice, its reader's waits included. */
const READ_MS = 6 * 3_600_000;
/** A page; below, the loader waits more often than it works. */
const PASSED_BYTES = 512 * 1024;
/** Records of a page wait for their loader: the fewer there are, the fewer outlive a young collection. So it is where the loader makes records of them. */
const DECODED_BYTES = 128 * 1024;

export interface ReadRequest {
  table: SourceTable;
  cursor: CursorColumn | null;
  spec: SliceSpec;
  position: Position | null;
  signal: AbortSignal;
  accept: CopyTarget | undefined;
  /** Rows that do not pass through may be lines that nobody has decoded. */
  lines: boolean;
  /** See Source.read. */
  snapshot: string | undefined;
  /** Of pages that pass through. */
  buffers: BufferPool;
}

/** One statement in a read-only transaction, so that a slice is seen as of one moment: its own, or that of the snapshot. */
export async function* readSlice(session: PgSession, request: ReadRequest): AsyncGenerator<Page> {
  const { table, cursor, spec, position, signal, accept, snapshot, buffers } = request;
  if (spec.kind === 'blocks' && snapshot === undefined)
    throw new SluiceError('SNAPSHOT_LOST', {
      detail: `${table.stream} is read by blocks, which fit together in one snapshot only`,
    });
  const place = placeOf(table, spec, cursor);
  const format = rowFormat(table, place, accept);
  const from = placeFrom(position, place.length);
  const what = `reading ${table.schema}.${table.name}`;
  const rows = `SELECT ${format.select} FROM ${qualified(table.schema, table.name)}${clauses(table, spec, { cursor, place, from })}`;
  await beginReading(session, { what, snapshot, statementMs: READ_MS });
  const copy = `COPY (${rows}) TO STDOUT${format.binary ? ' (FORMAT binary)' : ''}`;
  const pageBytes = format.lines === null ? PASSED_BYTES : DECODED_BYTES;
  let requests = 1;
  for await (const page of CopyOut.rows(session, copy, { what, binary: format.binary, pageBytes, buffers, signal })) {
    yield toPage(page, format, { ordered: place.length > 0, requests, lines: request.lines });
    requests = 0;
  }
  await session.query(what, 'COMMIT');
}

function toPage(
  framed: FramedRows,
  format: RowFormat,
  { ordered, requests, lines }: { ordered: boolean; requests: number; lines: boolean },
): Page {
  const { body, rows, last, release } = framed;
  const common = { position: ordered ? placeInRow(last, format.place) : null, bytes: body.length - rows * FRAME_BYTES, requests };
  if (format.lines !== null && !lines) {
    const records = format.lines.decode(body);
    release();
    return { format: 'records', records, ...common };
  }
  if (format.lines !== null) return { format: 'copy_lines', lines: new CopyLines(body, rows, format.lines), ...common };
  return { format: format.binary ? 'copy_binary' : 'copy_text', body, rows, release, ...common };
}

function placeFrom(position: Position | null, length: number): string[] | null {
  if (position === null) return null;
  if (Array.isArray(position) && position.length === length && position.every((value) => typeof value === 'string'))
    return position;
  throw new SluiceError('POSITION_REFUSED', {
    detail: 'the key or the cursor of the table is another one than when reading stopped',
  });
}
