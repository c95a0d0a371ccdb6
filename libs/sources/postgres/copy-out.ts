import type { Socket } from 'node:net';
import type { Connection, Submittable } from 'pg';
import type { BufferPool } from '../../buffers/index.js';
import { takeRawReads, type PgSession } from '../../postgres/index.js';

interface Wire extends Connection {
  query(text: string): void;
  stream: Socket;
}

/** Rows in the frames in which they came: one CopyData message each, none cut. */
export interface FramedRows {
  body: Buffer;
  rows: number;
  /** Content of the last one's frame. */
  last: Buffer;
  /** See CopyPage. */
  release: () => void;
}

const COPY_DATA = 0x64; // d
const COPY_OUT_RESPONSE = 0x48; // H
const NOTICE = 0x4e; // N
const PARAMETER_STATUS = 0x53; // S
const HEADER_BYTES = 5;
/** Of binary COPY: signature, flags, length of the extension. */
const SIGNATURE_BYTES = 19;
/** Of a page's buffer, beyond the page: one read of the socket, and the beginning of a row before it. */
const ROOM_BYTES = 128 * 1024;
/** What waits for the reader; then the server is made to wait. */
const MOST_WAITING_PAGES = 2;
/** Without a byte while we wait for some: a server that sorts a large table first is silent for long. */
const SILENCE_MS = 15 * 60_000;

type Item = { kind: 'page'; page: FramedRows } | { kind: 'end' } | { kind: 'failed'; error: unknown };

/**
 * One `COPY … TO STDOUT`, read from the socket itself: the driver makes an object of every row, which takes longer than all that is done with
 * the rows. Frames are passed on as they are, since a COPY into a server takes the very same ones.
 */
export class CopyOut implements Submittable {
  private wire: Wire | undefined;
  private driver: (() => void) | undefined;
  /** What has arrived: whole rows up to `at`, then the beginning of a message. */
  private page: Buffer;
  private end = 0;
  private at = 0;
  private rows = 0;
  /** Where the last row's frame begins. */
  private lastAt = 0;
  private begun = false;
  private headerTaken = false;
  private failed = false;
  private readonly items: Item[] = [];
  private wake: (() => void) | undefined;

  private constructor(
    private readonly statement: string,
    private readonly binary: boolean,
    private readonly pageBytes: number,
    private readonly buffers: BufferPool,
  ) {
    this.page = this.newPage();
  }

  /** The rows, page by page. Leaving early cuts the session, which is then not used again. */
  static async *rows(
    session: PgSession,
    statement: string,
    {
      what,
      binary,
      pageBytes,
      buffers,
      signal,
    }: { what: string; binary: boolean; pageBytes: number; buffers: BufferPool; signal: AbortSignal },
  ) {
    signal.throwIfAborted();
    const copy = new CopyOut(statement, binary, pageBytes, buffers);
    const stop = (): void => session.cut();
    signal.addEventListener('abort', stop);
    let ended = false;
    try {
      session.client.query(copy);
      for (;;) {
        const item = await copy.next(() => session.cut());
        if (item.kind === 'page') yield item.page;
        else {
          ended = true;
          signal.throwIfAborted();
          if (item.kind === 'end') return;
          throw session.failed(what, item.error);
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      if (!ended) session.cut();
    }
  }

  private async next(onSilence: () => void): Promise<Item> {
    const timer = setTimeout(onSilence, SILENCE_MS);
    while (this.items.length === 0) await new Promise<void>((wake) => (this.wake = wake));
    clearTimeout(timer);
    const item = this.items.shift() as Item;
    if (this.items.length < MOST_WAITING_PAGES) this.wire?.stream.resume();
    return item;
  }

  private push(item: Item): void {
    this.items.push(item);
    this.wake?.();
    if (this.items.length >= MOST_WAITING_PAGES) this.wire?.stream.pause();
  }

  /** Bytes from the socket, which uses their memory again. */
  private readonly take = (chunk: Buffer): void => {
    this.append(chunk);
    const { page, binary } = this;
    let { at, end, rows, lastAt } = this; // of the object, each of them would be read and written for every row
    while (end - at >= HEADER_BYTES) {
      const type = page[at];
      const next = at + 1 + page.readUInt32BE(at + 1);
      const isRow = type === COPY_DATA;
      if (!isRow && !this.isAside(type)) {
        Object.assign(this, { at, end, rows, lastAt });
        return this.handBack();
      }
      if (next > end) break;
      if (isRow && (!binary || (this.headerTaken && !isTrailer(page, at + HEADER_BYTES, next)))) {
        rows += 1;
        lastAt = at;
        at = next;
        continue;
      }
      if (type === COPY_OUT_RESPONSE) this.begun = true;
      end -= this.takeOut(at, next, end);
    }
    this.at = at;
    this.end = end;
    this.rows = rows;
    this.lastAt = lastAt;
    if (at >= this.pageBytes) this.flush();
  };

  private append(chunk: Buffer): void {
    const { page, end } = this;
    const bytes = end + chunk.length;
    // One row that is larger than a page: a buffer of its own size is of no use to others.
    if (bytes > page.length) {
      this.page = Buffer.allocUnsafeSlow(Math.max(bytes, page.length * 2));
      page.copy(this.page, 0, 0, end);
    }
    chunk.copy(this.page, end);
    this.end = bytes;
  }

  /** Messages that may come before and between the rows. */
  private readonly isAside = (type: number | undefined): boolean =>
    type === NOTICE || type === PARAMETER_STATUS || (type === COPY_OUT_RESPONSE && !this.begun);

  /** Removes a message that is no row; of binary COPY's header, which comes with the first row, only itself. Returns by how much less there is. */
  private takeOut(at: number, next: number, end: number): number {
    const { page } = this;
    const hasRow = page[at] === COPY_DATA && !this.headerTaken && next - at > HEADER_BYTES + SIGNATURE_BYTES;
    if (page[at] === COPY_DATA) this.headerTaken = true;
    const bytes = hasRow ? SIGNATURE_BYTES : next - at;
    page.copyWithin(at, at + bytes, end);
    if (hasRow) {
      page[at] = COPY_DATA;
      page.writeUInt32BE(next - at - bytes - 1, at + 1);
    }
    return bytes;
  }

  /** Hands out the whole rows; what comes behind them begins the next page. */
  private flush(): void {
    const { page, at, end, rows, lastAt, buffers, pageBytes } = this;
    if (rows === 0) return;
    this.page = this.newPage(end - at);
    page.copy(this.page, 0, at, end);
    this.end = end - at;
    this.at = this.rows = 0;
    const body = page.subarray(0, at);
    const last = page.subarray(lastAt + HEADER_BYTES, lastAt + 1 + page.readUInt32BE(lastAt + 1));
    const release = (): void => {
      if (page.length === pageBytes + ROOM_BYTES) buffers.give(page);
    };
    this.push({ kind: 'page', page: { body, rows, last, release } });
  }

  private newPage(least = 0): Buffer {
    return this.buffers.take(Math.max(this.pageBytes + ROOM_BYTES, least + ROOM_BYTES));
  }

  /** The rest of the conversation is the driver's. */
  private handBack(): void {
    const stream = this.wire?.stream;
    if (!stream) return;
    this.driver?.();
    const rest = Buffer.from(this.page.subarray(this.at, this.end));
    this.end = this.at;
    this.flush();
    this.wire = undefined;
    stream.resume();
    stream.emit('data', rest);
  }

  // ---- called by the driver

  submit(connection: Connection): void {
    this.wire = connection as Wire;
    this.driver = takeRawReads(this.wire.stream, this.take);
    this.wire.query(this.statement);
  }
  handleCommandComplete(): void {}
  handleCopyData(): void {}
  handleError(error: Error): void {
    this.failed = true;
    this.push({ kind: 'failed', error });
  }
  handleReadyForQuery(): void {
    if (!this.failed) this.push({ kind: 'end' });
  }
  /** The driver sets a timeout through it, if one is configured. */
  callback(): void {}
}

const isTrailer = (data: Buffer, at: number, end: number): boolean => end - at === 2 && data.readInt16BE(at) === -1;
