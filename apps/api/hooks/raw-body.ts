import type { Request } from 'express';
import { SluiceError } from '../../../libs/errors/index.js';

/**
 * A body as it came, at most `limit` bytes; not a byte more is read, and the connection is closed after the answer. Errors: PAYLOAD_TOO_LARGE,
 * UNSUPPORTED_MEDIA_TYPE (compressed: what is signed is what was sent), INVALID_REQUEST (cut short).
 */
export function readRawBody(request: Request, limit: number): Promise<Buffer> {
  const tooLarge = (): SluiceError => {
    request.pause();
    request.res?.setHeader('Connection', 'close');
    return new SluiceError('PAYLOAD_TOO_LARGE', { detail: `the limit is ${limit} bytes` });
  };
  const { 'content-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding !== undefined && encoding !== 'identity')
    return Promise.reject(new SluiceError('UNSUPPORTED_MEDIA_TYPE', { detail: 'compressed bodies are not read' }));
  if (Number(length ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((done, failed) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= limit) return void pieces.push(piece);
      request.removeAllListeners('data');
      failed(tooLarge());
    });
    request.on('end', () => done(Buffer.concat(pieces, size)));
    const cut = (): void => failed(new SluiceError('INVALID_REQUEST', { detail: 'the body was cut short' }));
    request.on('error', cut).on('aborted', cut);
  });
}
