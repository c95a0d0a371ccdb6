import { inflateSync, gunzipSync } from 'node:zlib';
import { defineComponent } from '../manifest/component.js';
import { boolean, optional } from '../manifest/fields.js';
import { unpack } from './decoder.js';
import { counted, type Extractor } from './extractor.js';
import { tableRows } from './table-rows.js';

/** The CSV file that an asynchronous job made, packed or not, as pandas reads it (Airbyte goes through a file on disk, hence the name). */
export const responseToFileExtractor = defineComponent({
  type: 'ResponseToFileExtractor',
  fields: { preserve_na_values: optional(boolean(), false) },
  build:
    ({ preserve_na_values: keepsNames }): Extractor =>
    (answer) => {
      const { body } = answer.response;
      try {
        return counted(tableRows(unpacked(body).toString('utf8'), { keepsNames }));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw answer.misshapen(`the file (${body.length} bytes) is no CSV: ${error.message}`);
      }
    },
});

/** gzip and zlib by their first bytes; anything else is taken as it is, without null bytes. */
function unpacked(body: Buffer): Buffer {
  const [first = 0, second = 0] = body;
  if (first === 0x1f && second === 0x8b) return unpack('gzip', (options) => gunzipSync(body, options));
  if (first % 16 === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0)
    return unpack('zlib', (options) => inflateSync(body, options));
  return body.includes(0) ? Buffer.from(body.filter((byte) => byte !== 0)) : body;
}
