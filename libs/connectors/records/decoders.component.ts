import { gunzipSync } from 'node:zlib';
import { parseJson } from '../../json/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { field, list, optional, text, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { ESCAPED_LETTERS } from '../template/syntax/escapes.js';
import { csvDecoding } from './csv-decoding.js';
import { bodiesOf, readJson, unpack, type Decoder, type JsonReading, type Parse } from './decoder.js';
import { textEncoding, type ReadText } from './text-encoding.js';
import { xmlBodies } from './xml-decoding.js';
import { zipFiles } from './zip.js';

export type { Decoder } from './decoder.js';

/** A decoder that others may hold: what it does to bytes is all it does. */
interface ByteDecoder extends Decoder {
  readonly parse: Parse;
}
const ofBytes = (parse: Parse, streamed = true): ByteDecoder => ({ parse, streamed, decode: ({ body }) => parse(body) });

const ofJson = (json: JsonReading): ByteDecoder => ({ ...ofBytes((body) => bodiesOf(readJson(body, json)), false), json });

export const decodeJson = ofJson({ keepsFloats: false });
export const decodeJsonKeepingFloats = ofJson({ keepsFloats: true });
const jsonDecoder = defineComponent({ type: 'JsonDecoder', fields: {}, build: () => decodeJson });

const lines = (body: Buffer): string[] => body.toString('utf8').split('\n');

const jsonlDecoder = defineComponent({
  type: 'JsonlDecoder',
  fields: {},
  build: () =>
    ofBytes((body) =>
      lines(body)
        .filter((line) => line.trim() !== '')
        .map((line) => parseJson(line)),
    ),
});

const iterableDecoder = defineComponent({
  type: 'IterableDecoder',
  fields: {},
  build: (): Decoder => ({
    streamed: true,
    decode({ body }) {
      const found = body.toString('utf8').split(/\r\n|\r|\n/);
      // A line end ends a line, it does not begin one.
      if (found.at(-1) === '') found.pop();
      return found.map((record) => ({ record }));
    },
  }),
});

/** The name of a text encoding. */
const encoding = (): Field<ReadText> =>
  field((value, place) => {
    const name = text().parse(value, place);
    return (
      textEncoding(name === '' ? 'utf-8' : name) ??
      place.compiler.reject({ path: place.pointer, message: 'there is no such text encoding', found: name })
    );
  });
const utf8 = textEncoding('utf-8') as ReadText;

const csvDecoder = defineComponent({
  type: 'CsvDecoder',
  fields: {
    encoding: optional(encoding(), utf8),
    delimiter: optional(text(), ','),
    set_values_to_none: optional(list(text()), []),
  },
  build({ encoding: read, delimiter, set_values_to_none: nulls }, place) {
    const separator = unescape(delimiter === '' ? ',' : delimiter);
    if (separator.length !== 1 || '\r\n"'.includes(separator))
      return place.compiler.reject({
        path: place.pointer,
        message: 'a delimiter is one character, or an escape like \\t',
        found: delimiter,
      });
    const decode = csvDecoding({ delimiter: separator, nulls: new Set(nulls) });
    return ofBytes((body) => decode(read(body)));
  },
});

/** Python's unicode_escape, for texts that begin with a backslash. */
const unescape = (delimiter: string): string =>
  delimiter.startsWith('\\')
    ? delimiter.replace(
        /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([0-7]{1,3})|(.))/gi,
        (whole, hex?: string, wide?: string, octal?: string, letter?: string) => {
          if (letter !== undefined) return ESCAPED_LETTERS[letter] ?? whole;
          return String.fromCharCode(octal === undefined ? parseInt(hex ?? wide ?? '', 16) : parseInt(octal, 8));
        },
      )
    : delimiter;

const jsonItemsDecoder = defineComponent({
  type: 'JsonItemsDecoder',
  fields: { items_path: text(), encoding: optional(encoding(), utf8) },
  build: ({ items_path: path, encoding: read }) => ofBytes((body) => itemsAt(parseJson(read(body)), path)),
});

/** The elements of the lists that a dotted path leads to; a step "item" goes through a list. */
function itemsAt(document: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [document];
  for (const step of [...path.split('.'), 'item'])
    found = found.flatMap((value): readonly unknown[] => {
      if (Array.isArray(value)) return step === 'item' ? (value as unknown[]) : [];
      return isObject(value) && Object.hasOwn(value, step) ? [value[step]] : [];
    });
  return found;
}

const gzipDecoder: Component<ByteDecoder> = defineComponent({
  type: 'GzipDecoder',
  fields: { decoder: component(() => byteDecoders) },
  build: ({ decoder }) =>
    ofBytes((body) => decoder.parse(isGzip(body) ? unpack('gzip', (options) => gunzipSync(body, options)) : body)),
});

const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b;

const zipfileDecoder = defineComponent({
  type: 'ZipfileDecoder',
  fields: { decoder: component(() => byteDecoders) },
  build: ({ decoder }) => ofBytes((body) => [...zipFiles(body)].flatMap((file) => decoder.parse(file)), false),
});

const xmlDecoder = defineComponent({
  type: 'XmlDecoder',
  fields: {},
  build: (): Decoder => ({ streamed: false, decode: xmlBodies }),
});

/** What may stand inside an archive. */
const byteDecoders: readonly Component<ByteDecoder>[] = [jsonDecoder, jsonlDecoder, jsonItemsDecoder, csvDecoder, gzipDecoder];

/** A new decoder joins here. */
export const decoders: readonly Component<Decoder>[] = [...byteDecoders, iterableDecoder, xmlDecoder, zipfileDecoder];
