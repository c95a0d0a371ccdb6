import { gunzipSync, inflateSync } from 'node:zlib';
import { defineComponent } from '../manifest/component.js';
import { boolean, optional } from '../manifest/fields.js';
import { unpack } from './decoder.js';
import { counted, type Extractor } from './extractor.js';
import type { PieceParser } from './piece-decoding.js';
import { tableRows, tableRowsInPieces } from './table-rows.js';
import { isGzip, isZlib, unpackPieces } from './unpack-pieces.js';

/** The CSV file that an asynchronous job made, packed or not, as pandas reads it (Airbyte goes through a file on disk, hence the name). */
export const responseToFileExtractor = defineComponent({
  type: 'ResponseToFileExtractor',
  fields: { preserve_na_values: optional(boolean(), false) },
  build({ preserve_na_values: keepsNames }): Extractor {
    const extract: Extractor = (answer) => {
      const { body } = answer.response;
      try {
        return counted(tableRows(unpacked(body).toString('utf8'), { keepsNames }));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw answer.misshapen(`the file (${body.length} bytes) is no CSV: ${error.message}`);
      }
    };
    const open = (): PieceParser => {
      const [text, rows] = [new TextDecoder('utf-8', { ignoreBOM: true }), tableRowsInPieces({ keepsNames })];
      return { push: (piece) => rows(text.decode(piece, { stream: true }), false), end: () => rows(text.decode(), true) };
    };
    const unpackFile = (pieces: AsyncIterable<Buffer>) => unpackPieces(pieces, { zlib: true, plain: piecesWithoutNulls });
    return Object.assign(extract, { inPieces: { unpack: unpackFile, open } });
  },
});

/** gzip and zlib by their first bytes; anything else is taken as it is, without null bytes. */
function unpacked(body: Buffer): Buffer {
  if (isGzip(body)) return unpack('gzip', (options) => gunzipSync(body, options));
  if (isZlib(body)) return unpack('zlib', (options) => inflateSync(body, options));
  return withoutNulls(body);
}

const withoutNulls = (bytes: Buffer): Buffer => (bytes.includes(0) ? Buffer.from(bytes.filter((byte) => byte !== 0)) : bytes);

async function* piecesWithoutNulls(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield withoutNulls(piece);
}
