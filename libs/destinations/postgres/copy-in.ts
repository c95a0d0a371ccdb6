import { crc32 } from 'node:zlib';
import type { Client, Connection, Submittable } from 'pg';
import { HEADER_BYTES } from './frames.js';

/** What the driver's own class has and its types leave out. */
interface Wire extends Connection {
  query(text: string): void;
  sendCopyFail(message: string): void;
}

const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/**
 * One `COPY … FROM STDIN`, fed by whole pages. Against a Writable it saves a second buffer and a second write per page, and its errors arrive in
 * one promise: after the server has ended the COPY nothing is written any more. The statement may have others before it, as in `BEGIN; COPY …`.
 */
export class CopyIn implements Submittable {
  /** Lines that the server took; known after `end`. */
  rowCount = 0;
  /** CRC-32 of what was written. */
  crc = 0;
  private wire: Wire | undefined;
  private failure: Error | undefined;
  private readonly started: Promise<void>;
  private readonly ended: Promise<void>;
  private start!: () => void;
  private finish!: (error?: Error) => void;

  private constructor(private readonly statement: string) {
    const { promise: started, resolve: start } = withResolvers();
    this.started = started;
    this.start = start;
    const { promise: ended, resolve, reject } = withResolvers();
    this.ended = ended;
    this.ended.catch(() => undefined); // it is awaited by whoever comes next; until then it is no unhandled rejection
    this.finish = (error) => {
      this.failure ??= error;
      this.start();
      if (error) reject(error);
      else resolve();
    };
  }

  static begin(client: Client, statement: string): CopyIn {
    const copy = new CopyIn(statement);
    client.query(copy);
    return copy;
  }

  /**
   * Sends whole CopyData messages; resolves when the socket takes more. Throws the server's error when the COPY has failed. `lines`: there is
   * one message, and only what it holds counts for the checksum. `sent` is called when nobody reads `frame` any more; after a failure perhaps never.
   */
  async write(frame: Buffer, { lines, sent }: { lines: boolean; sent?: (() => void) | undefined }): Promise<void> {
    await this.started;
    const stream = this.openWire().stream;
    this.crc = crc32(lines ? frame.subarray(HEADER_BYTES) : frame, this.crc);
    if (stream.write(frame, sent)) return;
    let drained!: () => void;
    const drain = new Promise<void>((resolve) => {
      drained = resolve;
      stream.once('drain', drained);
    });
    try {
      await Promise.race([drain, this.ended]);
    } finally {
      stream.off('drain', drained);
    }
  }

  /** Ends the COPY and waits until the server has it all. */
  async end(): Promise<void> {
    await this.started;
    this.openWire().stream.write(COPY_DONE);
    await this.ended;
  }

  /** Gives the COPY up; never throws. The transaction is to be rolled back. */
  async abort(): Promise<void> {
    await this.started;
    this.wire?.sendCopyFail('given up');
    await this.ended.catch(() => undefined);
  }

  private openWire(): Wire {
    if (this.failure) throw this.failure;
    if (!this.wire) throw new Error('the COPY has ended');
    return this.wire;
  }

  // ---- called by the driver

  submit(connection: Connection): void {
    this.wire = connection as Wire;
    this.wire.query(this.statement);
  }
  handleCopyInResponse(): void {
    this.start();
  }
  handleCommandComplete(message: { text: string }): void {
    const rows = /^COPY (\d+)$/.exec(message.text)?.[1];
    if (rows !== undefined) this.rowCount = Number(rows);
  }
  handleError(error: Error): void {
    this.wire = undefined;
    this.finish(error);
  }
  handleReadyForQuery(): void {
    this.wire = undefined;
    this.finish();
  }
  /** The driver sets a timeout through it, if one is configured. */
  callback(): void {}
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((ok, no) => {
    resolve = ok;
    reject = no;
  });
  return { promise, resolve, reject };
}
