import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { SluiceError } from '../errors/index.js';
import { tooLarge } from './exchange.js';

const decoders = {
  gzip: promisify(gunzip),
  inflate: promisify(inflate),
  inflateRaw: promisify(inflateRaw),
  br: promisify(brotliDecompress),
};

/** Undoes `content-encoding` in zlib's own threads, never beyond `maxBytes`. Errors: RESPONSE_TOO_LARGE, SOURCE_BAD_RESPONSE. */
export async function decodeBody(body: Buffer, contentEncoding: string | undefined, maxBytes: number): Promise<Buffer> {
  let decoded = body;
  for (const coding of codingsOf(contentEncoding)) decoded = await decodeOne(decoded, coding, maxBytes);
  return decoded;
}

/** In the order in which they are undone. Errors: SOURCE_BAD_RESPONSE. */
export function codingsOf(contentEncoding: string | undefined): string[] {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  if (codings.length > 3) throw undecodable('too many content codings');
  return codings.reverse();
}

async function decodeOne(body: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  if (coding === '' || coding === 'identity' || body.length === 0) return body;
  const options = { maxOutputLength: maxBytes };
  try {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return await decoders.gzip(body, options);
      case 'br':
        return await decoders.br(body, options);
      case 'deflate':
        // Half of the servers send zlib as the standard says, the other half raw deflate: the first byte tells.
        return await (isZlib(body) ? decoders.inflate(body, options) : decoders.inflateRaw(body, options));
      default:
        throw undecodable(UNASKED);
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw brokenBody(coding, error);
  }
}

export const isZlib = (start: Buffer): boolean => (start[0] ?? 0) % 16 === 8;

export const UNASKED = 'a content coding that was not asked for';

export const brokenBody = (coding: string, cause: unknown): SluiceError => undecodable(`the ${coding} body is broken`, cause);

export const undecodable = (detail: string, cause?: unknown): SluiceError =>
  new SluiceError('SOURCE_BAD_RESPONSE', { detail, cause });
