import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { SluiceError } from '../errors/index.js';
import { startOf, through } from '../pieces/index.js';
import { brokenBody, codingsOf, isZlib, undecodable, UNASKED } from './decode-body.js';

const CHUNK = { chunkSize: 64 * 1024 };

/** Undoes `content-encoding` while a body arrives. Errors, also while it is read: SOURCE_BAD_RESPONSE. */
export async function decodePieces(
  pieces: AsyncGenerator<Buffer>,
  contentEncoding: string | undefined,
): Promise<AsyncGenerator<Buffer>> {
  let decoded = pieces;
  for (const coding of codingsOf(contentEncoding)) decoded = await decodeOne(decoded, coding);
  return decoded;
}

async function decodeOne(pieces: AsyncGenerator<Buffer>, coding: string): Promise<AsyncGenerator<Buffer>> {
  switch (coding) {
    case '':
    case 'identity':
      return pieces;
    case 'gzip':
    case 'x-gzip':
      return named(coding, through(pieces, createGunzip(CHUNK)));
    case 'br':
      return named(coding, through(pieces, createBrotliDecompress(CHUNK)));
    case 'deflate': {
      const { start, all } = await startOf(pieces, 1);
      return named(coding, through(all, isZlib(start) ? createInflate(CHUNK) : createInflateRaw(CHUNK)));
    }
    default:
      throw undecodable(UNASKED);
  }
}

async function* named(coding: string, pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (error) {
    throw fromZlib(error) ? brokenBody(coding, error) : error;
  }
}

const fromZlib = (error: unknown): boolean =>
  !(error instanceof SluiceError) && /^(?:Z_|ERR_BROTLI|ERR__ERROR)/.test(String((error as NodeJS.ErrnoException).code));
