import type { Socket } from 'node:net';
import type { Connection, Submittable } from 'pg';
import type { PgSession } from '../../postgres/index.js';

interface Wire extends Connection {
  query(text: string): void;
  stream: Socket;
}

/** Rows in the frames in which they came: one CopyData message each, none cut, in pieces. */
export interface FramedRows {
  parts: readonly Buffer[];
  /** Of all parts. */
  bytes: number;
  rows: number;
  /** Content of the last one's frame. */
  last: Buffer;
}

const COPY_DATA = 0x64; // d
const COPY_OUT_RESPONSE = 0x48; // H
const NOTICE = 0x4e; // N
const PARAMETER_STATUS = 0x53; // S
const HEADER_BYTES = 5;
/** Of binary COPY: signature, flags, length of the extension. */
const SIGNATURE_BYTES = 19;
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
  private driver: ((chunk: Buffer) => void)[] = [];
  /** Bytes of a message that is not here to its end. */
  private rest: Buffer[] = [];
  private restBytes = 0;
  private restNeeds = HEADER_BYTES;
  private parts: Buffer[] = [];
  private partBytes = 0;
  private rows = 0;
  private last: Buffer = Buffer.alloc(0);
  private begun = false;
  private headerTaken = false;
  private failed = false;
  private readonly items: Item[] = [];
  private wake: (() => void) | undefined;

  private constructor(
    private readonly statement: string,
    private readonly binary: boolean,
    private readonly pageBytes: number,
  ) {}

  /** The rows, page by page. Leaving early cuts the session, which is then not used again. */
  static async *rows(
    session: PgSession,
    statement: string,
    { what, binary, pageBytes, signal }: { what: string; binary: boolean; pageBytes: number; signal: AbortSignal },
  ) {
    signal.throwIfAborted();
    const copy = new CopyOut(statement, binary, pageBytes);
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

  /** Bytes from the socket. */
  private readonly take = (chunk: Buffer): void => {
    let data = chunk;
    if (this.restBytes > 0) {
      this.rest.push(chunk);
      this.restBytes += chunk.length;
      if (this.restBytes < this.restNeeds) return; // a large row in small pieces is put together once
      data = Buffer.concat(this.rest);
      this.rest = [];
      this.restBytes = 0;
    }
    let at = 0;
    let from = 0; // rows from there to `at` are whole
    let lastAt = -1; // an object for each of them would cost more than all the rest
    const whole = (): void => {
      if (lastAt >= 0) this.last = data.subarray(lastAt + HEADER_BYTES, lastAt + 1 + data.readUInt32BE(lastAt + 1));
      lastAt = -1;
      this.keep(data.subarray(from, at));
    };
    while (data.length - at >= HEADER_BYTES) {
      const type = data[at];
      const end = at + 1 + data.readUInt32BE(at + 1);
      if (type === COPY_DATA) {
        if (end > data.length) break;
        if (!this.binary || !this.isEdge(data, at, end)) {
          this.rows += 1;
          lastAt = at;
          at = end;
          continue;
        }
      } else if (!this.isAside(type)) {
        whole();
        return this.handBack(data.subarray(at));
      } else if (end > data.length) break;
      if (type === COPY_OUT_RESPONSE) this.begun = true;
      whole();
      if (type === COPY_DATA) this.keepFirst(data, at, end);
      at = from = end;
    }
    whole();
    if (this.partBytes >= this.pageBytes) this.flush();
    if (at < data.length) {
      this.rest = [data.subarray(at)];
      this.restBytes = data.length - at;
      this.restNeeds = this.restBytes >= HEADER_BYTES ? 1 + data.readUInt32BE(at + 1) : HEADER_BYTES;
    }
  };

  /** Messages that may come before and between the rows. */
  private readonly isAside = (type: number | undefined): boolean =>
    type === NOTICE || type === PARAMETER_STATUS || (type === COPY_OUT_RESPONSE && !this.begun);

  /** Binary COPY's header, which comes with the first row, or its trailer. */
  private isEdge(data: Buffer, at: number, end: number): boolean {
    return !this.headerTaken || isTrailer(data, at + HEADER_BYTES, end);
  }

  /** The row that the header came with, in a frame of its own. */
  private keepFirst(data: Buffer, at: number, end: number): void {
    if (this.headerTaken) return;
    this.headerTaken = true;
    const row = Buffer.from(data.subarray(at + SIGNATURE_BYTES, end));
    row[0] = COPY_DATA;
    row.writeUInt32BE(row.length - 1, 1);
    const content = row.subarray(HEADER_BYTES);
    if (content.length === 0 || isTrailer(content, 0, content.length)) return;
    this.keep(row);
    this.rows = 1;
    this.last = content;
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.partBytes += part.length;
  }

  private flush(): void {
    if (this.rows === 0) return;
    const page = { parts: this.parts, bytes: this.partBytes, rows: this.rows, last: this.last };
    this.parts = [];
    this.partBytes = this.rows = 0;
    this.push({ kind: 'page', page });
  }

  /** The rest of the conversation is the driver's. */
  private handBack(data: Buffer): void {
    const stream = this.wire?.stream;
    if (!stream) return;
    stream.removeListener('data', this.take);
    for (const listener of this.driver) stream.on('data', listener);
    this.flush();
    this.wire = undefined;
    stream.resume();
    stream.emit('data', data);
  }

  // ---- called by the driver

  submit(connection: Connection): void {
    this.wire = connection as Wire;
    const { stream } = this.wire;
    this.driver = stream.listeners('data') as ((chunk: Buffer) => void)[];
    stream.removeAllListeners('data');
    stream.on('data', this.take);
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
