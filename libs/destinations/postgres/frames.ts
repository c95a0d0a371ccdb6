import { BufferPool } from '../../buffers/index.js';
import { CopyBytes } from './copy-bytes.js';

export const COPY_DATA = 0x64;
/** Of a CopyData message: its type and its length. */
export const HEADER_BYTES = 5;
const FIRST_BYTES = 64 * 1024;
/** Of a writer: one that is filled, and those that the socket has not taken yet. */
const MOST_FREE = 4;

/** The CopyData messages of one writer, which are of similar size, in buffers that are used again. */
export class Frames {
  private readonly buffers = new BufferPool(MOST_FREE);
  private expected = FIRST_BYTES;

  /** Where to write the next one's lines. */
  begin(): CopyBytes {
    return new CopyBytes(this.buffers.take(this.expected), HEADER_BYTES);
  }

  /** What was written as one message; null: nothing was. */
  finish({ bytes, end }: CopyBytes): Buffer | null {
    this.expected = Math.ceil(end * 1.125);
    if (end === HEADER_BYTES) {
      this.buffers.give(bytes);
      return null;
    }
    bytes[0] = COPY_DATA;
    bytes.writeUInt32BE(end - 1, 1);
    return bytes.subarray(0, end);
  }

  /** Takes back a message that was sent. */
  give(frame: Buffer): void {
    this.buffers.give(Buffer.from(frame.buffer));
  }
}
