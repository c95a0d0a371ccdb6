import type { HttpResponse } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import { parseJson } from '../../json/index.js';
import type { PieceDecoding } from './piece-decoding.js';

/** What of an answer a decoder looks at. */
export type Encoded = Pick<HttpResponse, 'body' | 'headers'>;

/** Turns an answer's body into the values that extractors go through, one by one: a JSON list gives its items, a CSV file its rows. */
export interface Decoder {
  /** Throws SyntaxError where the body is not of this format, SluiceError RESPONSE_TOO_LARGE where it unfolds beyond all measure. */
  decode(answer: Encoded): readonly unknown[];
  /** Airbyte reads such a body as a stream, once: paginators and stop conditions see {} instead of it. */
  readonly streamed: boolean;
  /** There where it makes nothing but the JSON of the whole body: who has parsed that already has its work done. */
  readonly json?: JsonReading;
  /** There where it can read a body as it arrives. */
  readonly inPieces?: PieceDecoding | undefined;
}

export interface JsonReading {
  /** Of 1.0 text is "1.0": for readers that make text of values. */
  keepsFloats: boolean;
}

/** A whole body as JSON; as Airbyte has it, no body at all is an empty object. Throws SyntaxError. */
export const readJson = (body: Buffer, reading?: JsonReading): unknown => (body.length === 0 ? {} : parseJson(body, reading));

/** The values that extractors go through: a list's items, or the one value. */
export const bodiesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);

/** Reads bytes that were taken out of an answer (unpacked, say). Errors as for Decoder.decode. */
export type Parse = (body: Buffer) => readonly unknown[];

/** Largest body after unpacking; the cap of a body as it comes (HttpRequest.maxBytes). */
export const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** Runs zlib with that cap. */
export function unpack(what: string, inflate: (options: { maxOutputLength: number }) => Buffer): Buffer {
  try {
    return inflate({ maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(what);
    throw new SyntaxError(`the ${what} body is broken`, { cause: error });
  }
}

export const tooLarge = (what: string): SluiceError =>
  new SluiceError('RESPONSE_TOO_LARGE', { detail: `a ${what} body unpacks to more than ${MAX_UNPACKED_BYTES} bytes` });
