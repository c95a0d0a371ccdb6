import { pipeline, Readable, type Transform } from 'node:stream';

/** Pieces of a body through a transform (zlib's), with back-pressure: who reads slowly slows the network down. Leaving early ends both. */
export async function* through(pieces: AsyncIterable<Buffer>, transform: Transform): AsyncGenerator<Buffer> {
  // What goes wrong in either comes out of the iteration.
  pipeline(Readable.from(pieces, { objectMode: false }), transform, () => undefined);
  yield* transform as AsyncIterable<Buffer>;
}
