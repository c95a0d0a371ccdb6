import { SluiceError } from '../../errors/index.js';
import type { CopyPage, JsonPage, LinePage, RecordPage } from '../../contracts/source.port.js';
import type { SourceRecord } from '../../contracts/stream.js';
import type { ContractWatch, Wanted } from '../../typing/index.js';
import type { FrameEncoder } from './copy-frame.js';
import { CopyIn } from './copy-in.js';
import type { Reject } from './encoder.js';
import type { Frames } from './frames.js';
import type { LinesEncoder } from './lines-encoder.js';
import type { RowsEncoder } from './rows-encoder.js';
import type { ChunkFacts } from './ledger.js';
import type { Session } from './session.js';

export interface ChunkOptions {
  session: Session;
  /** Of what the encoders make. */
  frames: Frames;
  encode: FrameEncoder;
  encodeRows: RowsEncoder;
  encodeLines: LinesEncoder;
  watch: ContractWatch;
  /** `COPY … FROM STDIN`, of text. */
  copyStatement: string;
  columns: readonly string[];
  /** SET statements for the transaction that the COPY opens. */
  begin: string;
}

/** The page needs columns that the table does not have. Nothing of it was sent. */
export class ColumnsWanted extends Error {
  constructor(readonly wanted: readonly Wanted[]) {
    super('columns are wanted');
  }
}

/** One CopyData message: signature, no flags, no extension. The trailer may be left out: the end of the COPY is one too. */
const BINARY_HEADER = Buffer.concat([
  Buffer.from([0x64, 0, 0, 0, 23]),
  Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
  Buffer.alloc(8),
]);

/** A chunk on its way to the server: a transaction with a COPY in it. Nothing is sent before the first line. */
export class OpenChunk {
  readonly rejects: Reject[] = [];
  private copy: CopyIn | undefined;
  private binary = false;
  private read = 0;
  private lines = 0;
  private deduplicated = 0;
  private discarded = 0;
  private bytes = 0;

  constructor(private readonly options: ChunkOptions) {}

  get isEmpty(): boolean {
    return this.read === 0;
  }
  get session(): Session {
    return this.options.session;
  }
  /** Whether the session is inside the chunk's transaction. */
  get begun(): boolean {
    return this.copy !== undefined;
  }

  /** `records`: those of the page that are no boundary records. `first` numbers them. */
  async write(page: RecordPage, records: readonly SourceRecord[], first: number): Promise<void> {
    const deduplicated = page.records.length - records.length;
    const frame = this.take({ rows: records.length, bytes: page.bytes, deduplicated }, () =>
      this.options.encode(records, this.rejects, first),
    );
    if (frame !== null) await this.sendLines(frame);
  }

  /** As `write`, for records that nobody has parsed, all of them to be loaded. */
  async writeJson({ rows, bytes }: JsonPage, first: number): Promise<void> {
    const frame = this.take({ rows: rows.length, bytes, deduplicated: 0 }, () =>
      this.options.encodeRows(rows, this.rejects, first),
    );
    if (frame !== null) await this.sendLines(frame);
  }

  /** As `writeJson`, for lines that nobody has decoded. */
  async writeLines({ lines, bytes }: LinePage, first: number): Promise<void> {
    const encoded = this.take({ rows: lines.length, bytes, deduplicated: 0 }, () =>
      this.options.encodeLines(lines, this.rejects, first),
    );
    if (encoded?.lines === true) await this.sendLines(encoded.bytes);
    else if (encoded !== null) await this.send(encoded.bytes, { binary: false, lines: false });
  }

  /** Sends the page's rows as they are. */
  async writeRows({ format, body, rows, bytes, release }: CopyPage): Promise<void> {
    this.read += rows;
    this.lines += rows;
    this.bytes += bytes;
    if (rows > 0) await this.send(body, { binary: format === 'copy_binary', lines: false, sent: release });
  }

  /** One message that an encoder made. */
  private sendLines(frame: Buffer): Promise<void> {
    return this.send(frame, { binary: false, lines: true, sent: () => this.options.frames.give(frame) });
  }

  private async send(
    frame: Buffer,
    { binary, ...how }: { binary: boolean; lines: boolean; sent?: (() => void) | undefined },
  ): Promise<void> {
    const { session, begin, copyStatement } = this.options;
    if (this.copy === undefined) {
      this.binary = binary;
      this.copy = CopyIn.begin(session.client, `${begin}; ${copyStatement}${binary ? ' (FORMAT binary)' : ''}`);
      if (binary) await this.deliver(this.copy, BINARY_HEADER, { lines: false });
    }
    if (binary !== this.binary) throw new SluiceError('INTERNAL', { detail: 'a chunk of two formats' });
    await this.deliver(this.copy, frame, how);
  }

  private async deliver(copy: CopyIn, frame: Buffer, how: Parameters<CopyIn['write']>[1]): Promise<void> {
    await this.options.session.bounded(() => copy.write(frame, how)).catch((error: unknown) => this.fail(error));
  }

  /** Ends the COPY; the transaction stays open. Errors: INTERNAL when the server counted other lines than we did. */
  async end(): Promise<ChunkFacts> {
    const { copy } = this;
    if (copy) await this.options.session.bounded(() => copy.end()).catch((error: unknown) => this.fail(error));
    if ((copy?.rowCount ?? 0) !== this.lines)
      throw new SluiceError('INTERNAL', { detail: `sent ${this.lines} lines, the server took ${copy?.rowCount ?? 0}` });
    const { read, lines, deduplicated, discarded, bytes, rejects } = this;
    const digest = (copy?.crc ?? 0).toString(16).padStart(8, '0');
    return { read, lines, deduplicated, quarantined: rejects.length, discarded, bytes, digest };
  }

  /** Gives the chunk up and leaves its transaction. Never throws. */
  async abort(): Promise<void> {
    if (!this.copy) return;
    await this.copy.abort();
    await this.options.session.rollback();
  }

  /** Counts the page and encodes it; null: none of it is to be sent. Throws ColumnsWanted, before it is counted. */
  private take<Encoded>(
    page: { rows: number; bytes: number; deduplicated: number },
    encode: () => Encoded | null,
  ): Encoded | null {
    const before = this.rejects.length;
    const { watch } = this.options;
    const discarded = watch.discarded;
    const frame = encode();
    if (watch.wanted.size > 0) {
      this.rejects.length = before;
      throw new ColumnsWanted([...watch.wanted.values()]);
    }
    this.discarded += watch.discarded - discarded;
    this.read += page.rows + page.deduplicated;
    this.bytes += page.bytes;
    this.deduplicated += page.deduplicated;
    this.lines += page.rows - (this.rejects.length - before);
    return frame;
  }

  private fail(error: unknown): never {
    throw this.options.session.failed('loading a chunk', error, this.options.columns);
  }
}
