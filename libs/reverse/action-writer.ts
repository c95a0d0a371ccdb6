import type { Page } from '../contracts/source.port.js';
import type { SliceWriter, StreamRef, StreamTarget } from '../contracts/destination.port.js';
import type { Position, Slice, StreamState } from '../contracts/stream.js';
import { staleRun } from '../destinations/stale-run.js';
import { staleWriter } from '../destinations/stale-writer.js';
import { parseJson, stringifyJson } from '../json/index.js';
import { recordsOf } from '../pipeline/index.js';
import {
  commitReverseChunk,
  countReverseRows,
  holdReverseStream,
  inTransaction,
  setReverseState,
  type Pool,
  type ReverseSliceRow,
} from '../store/index.js';
import type { Fate, HandOver } from './hand-over.js';
import { isOlder, rowOf, type MakeInput, type Row } from './row.js';

/** Rows that are looked up, stored and called together. */
const ROWS_AT_ONCE = 500;

type Counted = Fate | 'read' | 'deduplicated' | 'bytes';

export interface ActionWriterOptions {
  pool: Pool;
  ref: StreamRef;
  target: StreamTarget;
  slice: Slice;
  fence: number;
  opened: ReverseSliceRow;
  input: MakeInput;
  handOver: HandOver;
  /** Ends the calls that wait. */
  stop: () => void;
}

/** Hands a slice's rows to an action. What is handed over is known by itself; a chunk adds the counts and the position. */
export class ActionWriter implements SliceWriter {
  readonly position: Position | null;
  readonly completed = false;
  committedChunks = 0;
  private pending = new Map<string, Row>();
  private handed: Buffer[] = [];
  private counts: Partial<Record<Counted, number>> = {};

  constructor(private readonly options: ActionWriterOptions) {
    const { position } = options.opened;
    this.position = positionOf(position);
  }

  async write(page: Page): Promise<void> {
    const { target, input } = this.options;
    this.count('bytes', page.bytes);
    for (const record of recordsOf(page)) {
      this.count('read');
      const row = rowOf(record, target, input);
      const key = row.keyHash.toString('base64');
      const other = this.pending.get(key);
      if (other !== undefined) this.count('deduplicated');
      if (other === undefined || !isOlder(row.cursor, other.cursor, target.cursorOrder)) this.pending.set(key, row);
      if (this.pending.size >= ROWS_AT_ONCE) await this.flush();
    }
  }

  async commit(position: Position): Promise<void> {
    await this.end(position, false, null);
  }

  async complete(position: Position | null, next: ((state: StreamState) => StreamState) | null): Promise<void> {
    await this.end(position, true, next);
  }

  async close(): Promise<void> {
    this.options.stop();
    this.pending.clear();
  }

  private async flush(): Promise<void> {
    const rows = [...this.pending.values()];
    this.pending.clear();
    if (rows.length === 0) return;
    for (const fate of (await this.options.handOver.rows(rows)).values()) this.count(fate);
    for (const { keyHash } of rows) this.handed.push(keyHash);
  }

  private async end(position: Position | null, done: boolean, next: ((state: StreamState) => StreamState) | null): Promise<void> {
    await this.flush();
    const { pool, ref, slice, fence } = this.options;
    await inTransaction(pool, async (tx) => {
      const stream = await holdReverseStream(tx, ref);
      if (stream === null) throw staleRun(ref);
      const chunk = { streamId: stream.id, runId: ref.runId, sliceId: slice.id, fence, done, counts: this.counts };
      if (!(await commitReverseChunk(tx, { ...chunk, position: position === null ? null : stringifyJson(position) })))
        throw staleWriter(ref, { slice, fence });
      await countReverseRows(tx, { ...ref, keys: this.handed });
      if (next !== null) await setReverseState(tx, { id: stream.id, state: textOf(next(stateOf(stream.state))) });
    });
    this.handed = [];
    this.counts = {};
    this.committedChunks += 1;
  }

  private count(what: Counted, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }
}

export const positionOf = (text: string | null): Position | null => (text === null ? null : (parseJson(text) as Position));
export const stateOf = (text: string | null): StreamState => (text === null ? null : (parseJson(text) as StreamState));
export const textOf = (state: StreamState): string | null => (state === null ? null : stringifyJson(state));
