import type { BodyPieces } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import type { PieceDecoding } from '../records/piece-decoding.js';
import { MarkedBytes, type DownloadMark } from './download-mark.js';

/** A page of a download: the loader's work for one is some 10 ms, and a few of them are in memory. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_VALUES = 10_000;
/** What comes in larger pieces is cut, so that a batch does not get much larger than it should. */
const PIECE_BYTES = 64 * 1024;

export interface Batch {
  /** Of these the first ones (`seen`) were read before the download was interrupted. */
  values: readonly unknown[];
  seen: number;
  /** Unpacked. */
  bytes: number;
  /** Behind this batch. */
  mark: DownloadMark;
}

/**
 * The values of a download in batches as they arrive; the last may be empty. `from`: where an earlier reading was; its values come again, as
 * `seen`, but none that is new before the bytes turned out to be the same. Errors: those of the call, SOURCE_BAD_RESPONSE, POSITION_REFUSED.
 */
export async function* downloadBatches(
  pieces: BodyPieces | readonly Buffer[],
  { decoding, from, stream }: { decoding: PieceDecoding; from: DownloadMark | null; stream: string },
): AsyncGenerator<Batch> {
  const parser = decoding.open();
  const marked = new MarkedBytes(from, stream);
  const before = from?.values ?? 0;
  let [values, handedOut, bytes]: [unknown[], number, number] = [[], 0, 0];
  const batch = (): Batch => {
    const seen = Math.min(values.length, Math.max(0, before - handedOut));
    handedOut += values.length;
    const made = { values, seen, bytes, mark: marked.mark(handedOut) };
    [values, bytes] = [[], 0];
    return made;
  };
  const add = (more: readonly unknown[]): void => {
    for (const value of more) values.push(value);
  };
  try {
    for await (const whole of await decoding.unpack(asIterable(pieces)))
      for (let at = 0; at < whole.length; at += PIECE_BYTES) {
        const piece = whole.subarray(at, at + PIECE_BYTES);
        marked.add(piece);
        bytes += piece.length;
        add(parser.push(piece));
        const onlySeen = handedOut + values.length <= before;
        if ((bytes >= BATCH_BYTES || values.length >= BATCH_VALUES) && (marked.trusted || onlySeen)) yield batch();
      }
    add(parser.end());
    marked.end();
  } catch (error) {
    // The parser's message quotes the body: not even as a cause may it go on.
    if (!(error instanceof SyntaxError)) throw error;
    const detail = `stream ${stream}: the download cannot be decoded behind ${handedOut} values`;
    throw new SluiceError('SOURCE_BAD_RESPONSE', { detail, details: { stream } });
  }
  yield batch();
}

async function* asIterable(pieces: BodyPieces | readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
