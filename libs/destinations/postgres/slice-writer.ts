import type { CommittedChunk, SliceWriter } from '../../contracts/destination.port.js';
import type { CopyPage, CopyTarget, JsonPage, LinePage, Page, RecordPage } from '../../contracts/source.port.js';
import type { Position, StreamState } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import type { ContractWatch, Wanted } from '../../typing/index.js';
import type { BoundaryWatch } from '../boundary/index.js';
import { boundaryStatements } from './boundary.js';
import { advance, assertStream, completeSlice, quarantine, setState, type WriterKey } from './chunk-message.js';
import { ColumnsWanted, OpenChunk, type ChunkOptions } from './open-chunk.js';
import type { Reject } from './encoder.js';
import { insertLedger, type ChunkFacts } from './ledger.js';
import { CLEANUP_MS, type Session, type SessionTimeouts } from './session.js';
import { settleWithin } from '../../postgres/index.js';

/** How rows get from the COPY into the table. */
export interface Loading {
  copyStatement: string;
  frames: ChunkOptions['frames'];
  encode: ChunkOptions['encode'];
  encodeRows: ChunkOptions['encodeRows'];
  encodeLines: ChunkOptions['encodeLines'];
  watch: ContractWatch;
  columns: readonly string[];
  /** Ends in the ledger's row: moves what the COPY put into a stage, or nothing. */
  publish: (ledger: { key: WriterKey; seq: number; facts: ChunkFacts }) => string;
  /** The slice's rows stay in the stage until it is complete. */
  staged: boolean;
}

/** What a writer has of its columns. */
export interface WriterParts {
  key: WriterKey;
  loading: Loading;
  boundary: BoundaryWatch | null;
}

export interface WriterOptions extends WriterParts {
  position: Position | null;
  seq: number;
  /** One, or two that take turns: while one commits a chunk, the next one is filled on the other. */
  sessions: readonly Session[];
  copyTarget: () => Promise<CopyTarget | null>;
  timeouts: SessionTimeouts;
  /** Statements that each transaction begins with. */
  settings: readonly string[];
  /** Changes the table's columns; what it returns makes the writer one of the new columns, while nothing is uncommitted. */
  evolve: (wanted: readonly Wanted[]) => Promise<() => Promise<WriterParts>>;
  /** Frees what the writer held; `completed`: its checkpoint names its sessions no more. */
  release: (completed: boolean) => Promise<void>;
}

/** How often the state may move under a completion. Each time another slice has completed, so this only ends what would never end. */
const MAX_STATE_RACES = 200;
/** What closing waits for a commit that is under way. Whether it came in is read by the next opening. */
const LAST_COMMIT_MS = 10_000;
const NOTHING: ChunkFacts = { read: 0, lines: 0, deduplicated: 0, quarantined: 0, discarded: 0, bytes: 0, digest: '00000000' };

/** See SliceWriter. After any failure it is dead: what was not committed is read again by the next one, from the checkpoint. */
export class PostgresSliceWriter implements SliceWriter {
  readonly position: Position | null;
  readonly completed = false;
  committedChunks = 0;
  lastCommit: CommittedChunk | undefined;
  private seq: number;
  private turn = 0;
  private order = 0;
  private chunk: OpenChunk;
  private outstanding: Promise<void> = Promise.resolve();
  private failure: SluiceError | undefined;
  private closed = false;
  private sliceCompleted = false;
  /** Of a staged slice: what its ledger row will say. */
  private stagedFacts: ChunkFacts = NOTHING;
  private stagedRejects: Reject[] = [];

  constructor(private options: WriterOptions) {
    this.position = options.position;
    this.seq = options.seq;
    this.chunk = this.newChunk();
  }

  copyTarget(): Promise<CopyTarget | null> {
    return this.options.boundary === null ? this.options.copyTarget() : Promise.resolve(null);
  }

  write(page: Page): Promise<void> {
    return this.guarded(async () => {
      if (page.format !== 'records' && page.format !== 'json' && page.format !== 'copy_lines') {
        if (this.options.boundary !== null) throw new SluiceError('INTERNAL', { detail: 'the writer has to see values' });
        await this.chunk.writeRows(page);
        return;
      }
      for (let wanted = await this.take(page); wanted !== null; wanted = await this.take(page)) await this.evolve(wanted);
    });
  }

  commit(position: Position): Promise<void> {
    return this.guarded(async () => {
      const { staged } = this.options.loading;
      const chunk = this.chunk;
      const facts = await chunk.end();
      const seq = this.seq + 1;
      const statements = staged
        ? [advance(this.options.key, seq, null)]
        : [advance(this.options.key, seq, position), ...this.load(seq, facts, chunk.rejects)];
      if (staged) this.keep(facts, chunk.rejects);
      const message = [...this.opening(chunk), assertStream(this.options.key), ...statements, 'COMMIT'].join(';\n');
      await this.outstanding; // commits are in order
      this.seq = seq;
      const sentAt = performance.now();
      this.outstanding = this.send(chunk.session, message).then(() => {
        this.committedChunks += 1;
        this.lastCommit = { rows: facts.read, bytes: facts.bytes, ms: performance.now() - sentAt };
      });
      this.outstanding.catch((error: unknown) => this.fail(error));
      this.turn = (this.turn + 1) % this.options.sessions.length;
      this.chunk = this.newChunk();
    });
  }

  complete(position: Position | null, next: ((state: StreamState) => StreamState) | null): Promise<void> {
    return this.guarded(async () => {
      const { key, loading, timeouts } = this.options;
      const chunk = this.chunk;
      let facts = await chunk.end();
      let rejects: readonly Reject[] = chunk.rejects;
      if (loading.staged) {
        this.keep(facts, chunk.rejects);
        facts = this.stagedFacts;
        rejects = this.stagedRejects;
      }
      await this.outstanding;
      const { session } = chunk;
      const seq = this.seq + 1;
      // What was read after the last position goes in with the completion: behind it there is no position to go on from.
      const rows = facts.read === 0 ? [] : [advance(key, seq, position), ...this.load(seq, facts, rejects)];
      const timeout = loading.staged ? timeouts.publishMs : timeouts.statementMs;
      // Another slice's completion may be publishing for long; nobody who is frozen can hold the state, since it is taken in one message only.
      const head = [
        ...this.opening(chunk),
        `SET LOCAL lock_timeout = ${timeouts.publishMs}`,
        `SET LOCAL statement_timeout = ${timeout}`,
      ];
      // What writes no state cannot lose a race for it, and goes in one message.
      if (next !== null) await this.send(session, [...head, 'SAVEPOINT completion'].join(';\n'));
      for (let race = 0; ; race += 1) {
        const message = [
          ...(next === null ? head : []),
          assertStream(key),
          ...(next === null ? [] : [await this.nextState(session, next)]),
          ...rows,
          completeSlice(key, position),
          'COMMIT',
        ].join(';\n');
        try {
          await this.send(session, message, timeouts.publishMs + timeout);
          break;
        } catch (error) {
          if (!stateMoved(error) || race >= MAX_STATE_RACES) throw error;
          await this.send(session, 'ROLLBACK TO SAVEPOINT completion');
        }
      }
      this.seq = seq;
      this.sliceCompleted = true;
      if (rows.length > 0) this.committedChunks += 1;
      this.chunk = this.newChunk();
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    // Whoever does not answer in time is cut off: the server rolls back, and the next opening ends what it still does.
    if (!(await settleWithin(this.outstanding, LAST_COMMIT_MS))) for (const session of this.options.sessions) session.cut();
    if (!(await settleWithin(this.chunk.abort(), CLEANUP_MS))) this.chunk.session.broken = true;
    if (this.failure) for (const session of this.options.sessions) session.broken = true;
    await this.options.release(this.sliceCompleted);
  }

  /** Columns that the page needs first; null: it is on its way. */
  private async take(page: Exclude<Page, CopyPage>): Promise<readonly Wanted[] | null> {
    try {
      this.order += await this.takeAny(page);
    } catch (error) {
      if (error instanceof ColumnsWanted) return error.wanted;
      throw error;
    }
    return null;
  }

  /** Returns how many of its records are to be loaded. */
  private takeAny(page: Exclude<Page, CopyPage>): Promise<number> {
    switch (page.format) {
      case 'records':
        return this.takeRecords(page);
      case 'json':
        return this.takeJson(page);
      case 'copy_lines':
        return this.takeLines(page);
    }
  }

  private async takeRecords(page: RecordPage): Promise<number> {
    const records = this.options.boundary?.take(page.records) ?? page.records;
    await this.chunk.write(page, records, this.order);
    return records.length;
  }

  private async takeJson(page: JsonPage): Promise<number> {
    const { boundary } = this.options;
    if (boundary !== null && !boundary.takeRows(page.rows))
      return this.takeRecords({ ...page, format: 'records', records: page.rows.records() });
    await this.chunk.writeJson(page, this.order);
    return page.rows.length;
  }

  private async takeLines(page: LinePage): Promise<number> {
    const { boundary } = this.options;
    if (boundary !== null && !boundary.takeRows(page.lines))
      return this.takeRecords({ ...page, format: 'records', records: page.lines.records() });
    await this.chunk.writeLines(page, this.order);
    return page.lines.length;
  }

  /**
   * Changes the table's columns. Where nothing is uncommitted the writer goes on with the page; else what it sent has other columns: it gives that
   * up and throws SCHEMA_MOVED, and it is read again from the last position.
   */
  private async evolve(wanted: readonly Wanted[]): Promise<void> {
    const fresh = this.chunk.isEmpty && this.stagedFacts.read === 0;
    await this.chunk.abort();
    await this.outstanding;
    const reload = await this.options.evolve(wanted);
    if (!fresh) throw new SluiceError('SCHEMA_MOVED', { detail: 'the records have new fields or types' });
    this.options = { ...this.options, ...(await reload()) };
    this.chunk = this.newChunk();
  }

  /** Statements that load what the chunk (or the staged slice) holds and account for it. */
  private load(seq: number, facts: ChunkFacts, rejects: readonly Reject[]): string[] {
    if (facts.read === 0) return [];
    const { key, loading, boundary } = this.options;
    const ledger = facts.lines === 0 ? insertLedger({ ...key, seq }, facts) : loading.publish({ key, seq, facts });
    return [ledger, ...quarantine(key, seq, rejects), ...(boundary === null ? [] : boundaryStatements(key, boundary.change()))];
  }

  private keep(facts: ChunkFacts, rejects: readonly Reject[]): void {
    const kept = this.stagedFacts;
    this.stagedRejects.push(...rejects);
    this.stagedFacts = {
      read: kept.read + facts.read,
      lines: kept.lines + facts.lines,
      deduplicated: kept.deduplicated + facts.deduplicated,
      quarantined: kept.quarantined + facts.quarantined,
      discarded: kept.discarded + facts.discarded,
      bytes: kept.bytes + facts.bytes,
      digest: facts.lines === 0 ? kept.digest : facts.digest,
    };
  }

  private opening(chunk: OpenChunk): string[] {
    return chunk.begun
      ? [`SET LOCAL statement_timeout = ${this.options.timeouts.statementMs}`]
      : ['BEGIN', ...this.options.settings];
  }

  private newChunk(): OpenChunk {
    const { sessions, loading, timeouts, settings } = this.options;
    const begin = ['BEGIN', `SET LOCAL statement_timeout = ${timeouts.openChunkMs}`, ...settings].join('; ');
    return new OpenChunk({ session: sessions[this.turn] as Session, begin, ...loading });
  }

  private async nextState(session: Session, next: (state: StreamState) => StreamState): Promise<string> {
    const [row] = await session.query<{ state: StreamState; version: string }>(
      'reading the state',
      'SELECT state, state_version AS version FROM sluice.stream WHERE id = $1',
      [this.options.key.streamId],
    );
    if (!row) throw new SluiceError('STALE_RUN', { detail: 'the stream is gone' });
    return setState(this.options.key, row.version, next(row.state));
  }

  private async send(session: Session, message: string, deadlineMs?: number): Promise<void> {
    const { columns } = this.options.loading;
    await session.query('committing a chunk', message, undefined, {
      columns,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    if (this.failure) throw this.failure;
    if (this.closed) throw new SluiceError('INTERNAL', { detail: 'the slice’s writer is closed' });
    try {
      await work();
    } catch (error) {
      this.fail(error);
      throw this.failure as unknown as Error;
    }
  }

  /** The first failure is the one that counts: what follows it is its consequence. */
  private fail(error: unknown): void {
    this.failure ??= this.chunk.session.failed('loading a slice', error);
  }
}

const stateMoved = (error: unknown): boolean => error instanceof SluiceError && error.details.sqlstate === 'SL003';
