import { createGunzip, createInflate } from 'node:zlib';
import { SluiceError } from '../../errors/index.js';
import { startOf, through } from '../../pieces/index.js';

const CHUNK = { chunkSize: 64 * 1024 };

export const isGzip = (start: Buffer): boolean => start[0] === 0x1f && start[1] === 0x8b;

/** By the two bytes of its header (RFC 1950). */
export function isZlib([first = 0, second = 0]: Buffer): boolean {
  return first % 16 === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0;
}

/** Undoes gzip, and zlib where that is allowed, by the first bytes; `plain` makes of anything else what it is. Errors: SyntaxError. */
export async function unpackPieces(
  pieces: AsyncIterable<Buffer>,
  { zlib, plain }: { zlib: boolean; plain: (pieces: AsyncIterable<Buffer>) => AsyncIterable<Buffer> },
): Promise<AsyncIterable<Buffer>> {
  const { start, all } = await startOf(pieces, 2);
  if (isGzip(start)) return named('gzip', through(all, createGunzip(CHUNK)));
  if (zlib && isZlib(start)) return named('zlib', through(all, createInflate(CHUNK)));
  return plain(all);
}

async function* named(what: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SluiceError || !String(code).startsWith('Z_')) throw error;
    throw new SyntaxError(`the ${what} body is broken`, { cause: error });
  }
}
