import { SluiceError } from '../../errors/index.js';

/** Reads a body as it arrives: what it makes of it is what the decoder makes of the whole, and its memory does not grow with the body. */
export interface PieceDecoding {
  /** The bytes that parsers get. Errors: those of `pieces`; SyntaxError where they cannot be unpacked. */
  unpack(pieces: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>>;
  open(): PieceParser;
}

/** The parser of one body. Errors: SyntaxError; RESPONSE_TOO_LARGE where one value has no end. */
export interface PieceParser {
  /** The values that are complete now. */
  push(piece: Buffer): readonly unknown[];
  /** The values that end with the body. */
  end(): readonly unknown[];
}

/** Of one value (a line, a row): what is held of it until it is complete. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

const endless = (): SluiceError =>
  new SluiceError('RESPONSE_TOO_LARGE', { detail: `a line or row of the download is longer than ${MAX_VALUE_BYTES} bytes` });

/** Throws where so much of a value that is not complete is held. */
export function assertBounded(held: number): void {
  if (held > MAX_VALUE_BYTES) throw endless();
}

/** As they come, whatever the packing. */
export const unpacked = (pieces: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> => Promise.resolve(pieces);

/** A parser of whole lines. `lastEnd`: the offset behind the last line end in a piece that is certain to be one; 0: there is none. */
export function lineParser(lastEnd: (piece: Buffer) => number, parse: (lines: Buffer) => readonly unknown[]): PieceParser {
  let held: Buffer[] = [];
  let size = 0;
  const hold = (rest: Buffer): void => {
    if (rest.length > 0) held.push(rest);
    assertBounded((size += rest.length));
  };
  const all = (last: Buffer): Buffer => {
    const whole = held.length === 0 ? last : Buffer.concat([...held, last]);
    [held, size] = [[], 0];
    return whole;
  };
  return {
    push(piece) {
      const end = lastEnd(piece);
      const values = end === 0 ? [] : parse(all(piece.subarray(0, end)));
      hold(piece.subarray(end));
      return values;
    },
    end: () => parse(all(Buffer.alloc(0))),
  };
}
