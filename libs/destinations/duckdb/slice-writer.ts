import type { CommittedChunk, SliceWriter, StreamTarget } from '../../contracts/destination.port.js';
import type { Page } from '../../contracts/source.port.js';
import type { Position, StreamState } from '../../contracts/stream.js';
import { SluiceError, toSluiceError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { literal } from '../../postgres/index.js';
import type { ChildTable, Column, ContractWatch, Wanted } from '../../typing/index.js';
import type { BoundaryKey, BoundaryWatch } from '../boundary/index.js';
import { writeBoundary } from './boundary-rows.js';
import { staleRun } from '../stale-run.js';
import { ownerOf, writeLedger } from './ledger.js';
import type { Published } from './loading.js';
import { publish } from './publish.js';
import type { PageEncoder } from './page-encoder.js';
import type { Reject } from './row-encoder.js';
import type { Session } from './session.js';
import { clearStage, stageRows } from './stage.js';
import { setState } from './set-state.js';

/** One writer's place in the destination: what all its transactions name. */
export interface WriterKey extends BoundaryKey {
  epoch: number;
  fence: number;
  stream: string;
  /** Where the rows go; null: into the table itself. */
  generation: number | null;
}

/** What a writer has of its columns. */
export interface WriterParts {
  key: WriterKey;
  columns: readonly Column[];
  /** See PublishOptions. */
  children: readonly ChildTable[];
  relation: string;
  /** See PublishOptions. */
  seen: string | null;
  watch: ContractWatch;
  encode: PageEncoder;
  boundary: BoundaryWatch | null;
}

export interface WriterOptions {
  session: Session;
  give: () => void;
  target: StreamTarget;
  position: Position | null;
  seq: number;
  parts: WriterParts;
  /** Changes the table's columns; what it returns makes the writer one of the new columns. */
  evolve: (wanted: readonly Wanted[]) => Promise<() => Promise<WriterParts>>;
}

interface Facts {
  read: number;
  lines: number;
  deduplicated: number;
  discarded: number;
  bytes: number;
  rejects: Reject[];
}

const nothing = (): Facts => ({ read: 0, lines: 0, deduplicated: 0, discarded: 0, bytes: 0, rejects: [] });
const REJECTS_PER_STATEMENT = 200;
const NONE: Published = { inserted: 0, updated: 0, unchanged: 0, superseded: 0, deleted: 0, deduplicated: 0 };

/** See SliceWriter. Rows wait in a stage; a chunk is one transaction. After any failure it is dead: the next one goes on from the checkpoint. */
export class DuckdbSliceWriter implements SliceWriter {
  readonly position: Position | null;
  readonly completed = false;
  committedChunks = 0;
  lastCommit: CommittedChunk | undefined;
  private seq: number;
  private parts: WriterParts;
  private order = 0;
  /** Of what is in the stage. */
  private facts = nothing();
  private failure: SluiceError | undefined;
  private closed = false;

  constructor(private readonly options: WriterOptions) {
    this.position = options.position;
    this.seq = options.seq;
    this.parts = options.parts;
  }

  write(page: Page): Promise<void> {
    return this.guarded(async () => {
      if (page.format !== 'records') throw new SluiceError('INTERNAL', { detail: 'the writer takes records only' });
      for (;;) {
        const { watch, encode, boundary, columns } = this.parts;
        const discarded = watch.discarded;
        const records = boundary?.take(page.records) ?? page.records;
        const rejects: Reject[] = [];
        const rows = encode(records, rejects);
        if (watch.wanted.size > 0) {
          await this.evolve([...watch.wanted.values()]);
          continue;
        }
        await stageRows(this.options.session, { rows, columns: columns.length, first: this.order });
        this.order += rows.length;
        const { facts } = this;
        facts.read += page.records.length;
        facts.lines += rows.length;
        facts.deduplicated += page.records.length - records.length;
        facts.discarded += watch.discarded - discarded;
        facts.bytes += page.bytes;
        facts.rejects.push(...rejects);
        return;
      }
    });
  }

  commit(position: Position): Promise<void> {
    return this.guarded(async () => {
      const { session, target } = this.options;
      // A slice that cannot be resumed stays in the stage until it is complete.
      const staged = target.resume !== 'exact';
      const { read: rows, bytes } = this.facts;
      const startedAt = performance.now();
      await session.transaction('committing a chunk', async () => {
        await this.assertStream();
        await this.advance(staged ? null : position);
        if (!staged) await this.load();
      });
      this.seq += 1;
      this.committedChunks += 1;
      this.lastCommit = { rows, bytes, ms: performance.now() - startedAt };
      if (!staged) await this.startChunk();
    });
  }

  complete(position: Position | null, next: ((state: StreamState) => StreamState) | null): Promise<void> {
    return this.guarded(async () => {
      const { session } = this.options;
      const what = 'completing a slice';
      const rows = this.facts.read > 0;
      await session.transaction(what, async () => {
        const state = await this.assertStream();
        if (next !== null) await setState(session, this.parts.key.streamId, next(state));
        if (rows) {
          await this.advance(position);
          await this.load();
        }
        await this.moveCheckpoint(what, 'position = $5::VARCHAR, done = true, updated_at = now()', position);
        await session.query(
          what,
          'DELETE FROM sluice.boundary_hit WHERE stream_id = $1::BIGINT AND run_id = $2 AND slice_id = $3',
          this.place(),
        );
      });
      if (rows) {
        this.seq += 1;
        this.committedChunks += 1;
      }
      await this.startChunk();
    });
  }

  close(): Promise<void> {
    if (!this.closed) this.options.give();
    this.closed = true;
    return Promise.resolve();
  }

  /** Refuses this writer if a newer run or newer columns are there. Returns the stream's state. */
  private async assertStream(): Promise<StreamState> {
    const { key } = this.parts;
    const [row] = await this.options.session.query<{ epoch: number; version: number; state: string | null }>(
      'looking at the stream',
      'SELECT epoch::DOUBLE AS epoch, schema_version AS version, state FROM sluice.stream WHERE id = $1::BIGINT',
      [key.streamId],
    );
    if (row?.epoch !== key.epoch) throw staleRun(key);
    if (row.version !== key.schemaVersion) throw new SluiceError('SCHEMA_MOVED', { detail: `stream ${key.stream}` });
    return row.state === null ? null : (JSON.parse(row.state) as StreamState);
  }

  private advance(position: Position | null): Promise<void> {
    return this.moveCheckpoint('moving the checkpoint', 'position = $5::VARCHAR, seq = seq + 1, updated_at = now()', position);
  }

  private async moveCheckpoint(what: string, change: string, position: Position | null): Promise<void> {
    const { fence, stream } = this.parts.key;
    const moved = await this.options.session.query(
      what,
      `UPDATE sluice.checkpoint SET ${change}
       WHERE stream_id = $1::BIGINT AND run_id = $2 AND slice_id = $3 AND fence = $4::BIGINT AND NOT done RETURNING seq`,
      [...this.place(), fence, position === null ? null : JSON.stringify(position)],
    );
    if (moved.length === 0) throw new SluiceError('STALE_WRITER', { details: { stream, fence } });
  }

  private place(): [string, string, string] {
    const { streamId, runId, sliceId } = this.parts.key;
    return [streamId, runId, sliceId];
  }

  /** Loads what the stage holds and accounts for it. */
  private async load(): Promise<void> {
    const { facts, parts } = this;
    if (facts.read === 0) return;
    const { session, target } = this.options;
    const { key, boundary } = parts;
    const seq = this.seq + 1;
    const done = facts.lines === 0 ? NONE : await publish(session, { ...parts, ...key, target }, facts.lines);
    const owner = ownerOf(key);
    await writeLedger(session, owner, {
      ...{ seq, fence: key.fence, generation: key.generation, read: facts.read, ...done },
      ...{ deduplicated: facts.deduplicated + done.deduplicated, quarantined: facts.rejects.length },
      ...{ discarded: facts.discarded, bytes: facts.bytes },
    });
    for (let at = 0; at < facts.rejects.length; at += REJECTS_PER_STATEMENT) {
      const part = facts.rejects.slice(at, at + REJECTS_PER_STATEMENT);
      const values = part.map(
        ({ record, reason, field }) =>
          `(${owner}, ${seq}, ${literal(reason)}, ${literal(field)}, ${literal(stringifyJson(record))}, now())`,
      );
      await session.query(
        'keeping rejected records',
        `INSERT INTO sluice.quarantine (stream_id, run_id, slice_id, seq, reason, field, record, "at") VALUES ${values.join(', ')}`,
      );
    }
    if (boundary !== null) await writeBoundary(session, key, boundary.change());
  }

  private async startChunk(): Promise<void> {
    this.facts = nothing();
    await clearStage(this.options.session, this.parts.columns.length);
  }

  /** Where nothing is uncommitted the writer goes on with the page; else what is staged has other columns, and is read again. */
  private async evolve(wanted: readonly Wanted[]): Promise<void> {
    const fresh = this.facts.read === 0;
    const reload = await this.options.evolve(wanted);
    if (!fresh) throw new SluiceError('SCHEMA_MOVED', { detail: 'the records have new fields or types' });
    this.parts = await reload();
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.closed) throw new SluiceError('INTERNAL', { detail: 'the slice’s writer is closed' });
    try {
      await work();
    } catch (error) {
      this.failure = toSluiceError(error);
      throw this.failure;
    }
  }
}
