import type { SourceRecord } from '../../contracts/stream.js';
import type { Encoder, Reject } from './encoder.js';

export const COPY_DATA = 0x64;
/** Of a CopyData message: its type and its length. */
export const HEADER_BYTES = 5;
/** So much text at a time stays in the processor's cache between joining, checking and writing it: a third less time than a page at once. */
const ROWS_TOGETHER = 32;
/** UTF-8 bytes of a UTF-16 unit at most. */
const WIDEST = 3;

/** Turns records into one CopyData message; null when none of them is to be sent. As `Encoder`, `first` numbers the lines. */
export type FrameEncoder = (records: readonly SourceRecord[], rejects: Reject[], first: number) => Buffer | null;

/** Encodes straight into the message's bytes, so that nobody holds a page's text beside them. Expects pages of similar size. */
export function frameEncoder(encode: Encoder): FrameEncoder {
  let expected = 64 * 1024;
  return (records, rejects, first) => {
    let frame: Buffer = Buffer.allocUnsafeSlow(expected);
    let end = HEADER_BYTES;
    for (let from = 0; from < records.length; from += ROWS_TOGETHER) {
      const lines = encode(records.slice(from, from + ROWS_TOGETHER), rejects, first + from);
      const most = end + lines.length * WIDEST;
      if (most > frame.length) frame = copyOf(frame.subarray(0, end), Math.max(most, frame.length * 2));
      end += frame.write(lines, end);
    }
    expected = Math.max(HEADER_BYTES, Math.ceil(end * 1.125));
    if (end === HEADER_BYTES) return null;
    frame[0] = COPY_DATA;
    frame.writeUInt32BE(end - 1, 1);
    return frame.subarray(0, end);
  };
}

function copyOf(bytes: Buffer, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size);
  bytes.copy(larger);
  return larger;
}
