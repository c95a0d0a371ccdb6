import type { HttpResponse } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';

/** What of an answer a decoder looks at. */
export type Encoded = Pick<HttpResponse, 'body' | 'headers'>;

/** Turns an answer's body into the values that extractors go through, one by one: a JSON list gives its items, a CSV file its rows. */
export interface Decoder {
  /** Throws SyntaxError where the body is not of this format, SluiceError RESPONSE_TOO_LARGE where it unfolds beyond all measure. */
  decode(answer: Encoded): readonly unknown[];
  /** Airbyte reads such a body as a stream, once: paginators and stop conditions see {} instead of it. */
  readonly streamed: boolean;
}

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
