import { gunzipSync } from 'node:zlib';
import { parseJson } from '../../json/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { field, list, optional, text, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { ESCAPED_LETTERS } from '../template/syntax/escapes.js';
import { csvDecoding, csvDecodingInPieces } from './csv-decoding.js';
import { bodiesOf, readJson, unpack, type Decoder, type JsonReading, type Parse } from './decoder.js';
import { lineParser, unpacked, type PieceDecoding, type PieceParser } from './piece-decoding.js';
import { textEncoding, type TextEncoding } from './text-encoding.js';
import { isGzip, unpackPieces } from './unpack-pieces.js';
import { xmlBodies } from './xml-decoding.js';
import { zipFiles } from './zip.js';

export type { Decoder } from './decoder.js';

/** A decoder that others may hold: what it does to bytes is all it does. */
interface ByteDecoder extends Decoder {
  readonly parse: Parse;
}
const ofBytes = (parse: Parse, streamed = true, inPieces?: PieceDecoding): ByteDecoder => ({
  ...{ parse, streamed, inPieces },
  decode: ({ body }) => parse(body),
});
const plainPieces = (open: () => PieceParser): PieceDecoding => ({ unpack: unpacked, open });

const ofJson = (json: JsonReading): ByteDecoder => ({ ...ofBytes((body) => bodiesOf(readJson(body, json)), false), json });

export const decodeJson = ofJson({ keepsFloats: false });
export const decodeJsonKeepingFloats = ofJson({ keepsFloats: true });
const jsonDecoder = defineComponent({ type: 'JsonDecoder', fields: {}, build: () => decodeJson });

const jsonLines = (body: Buffer): unknown[] =>
  body
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseJson(line));
const NEWLINE = 10;
const RETURN = 13;

const jsonlDecoder = defineComponent({
  type: 'JsonlDecoder',
  fields: {},
  build: () =>
    ofBytes(
      jsonLines,
      true,
      plainPieces(() => lineParser((piece) => piece.lastIndexOf(NEWLINE) + 1, jsonLines)),
    ),
});

function textLines(body: Buffer): { record: string }[] {
  const found = body.toString('utf8').split(/\r\n|\r|\n/);
  // A line end ends a line, it does not begin one.
  if (found.at(-1) === '') found.pop();
  return found.map((record) => ({ record }));
}
/** At the very end of a piece "\r" may be half a line end. */
const lastLineEnd = (piece: Buffer): number =>
  Math.max(piece.lastIndexOf(NEWLINE), piece.subarray(0, -1).lastIndexOf(RETURN)) + 1;

const iterableDecoder = defineComponent({
  type: 'IterableDecoder',
  fields: {},
  build: (): Decoder => ({
    streamed: true,
    decode: ({ body }) => textLines(body),
    inPieces: plainPieces(() => lineParser(lastLineEnd, textLines)),
  }),
});

/** The name of a text encoding. */
const encoding = (): Field<TextEncoding> =>
  field((value, place) => {
    const name = text().parse(value, place);
    return (
      textEncoding(name === '' ? 'utf-8' : name) ??
      place.compiler.reject({ path: place.pointer, message: 'there is no such text encoding', found: name })
    );
  });
const utf8 = textEncoding('utf-8') as TextEncoding;

const csvDecoder = defineComponent({
  type: 'CsvDecoder',
  fields: {
    encoding: optional(encoding(), utf8),
    delimiter: optional(text(), ','),
    set_values_to_none: optional(list(text()), []),
  },
  build({ encoding: codec, delimiter, set_values_to_none: nulls }, place) {
    const separator = unescape(delimiter === '' ? ',' : delimiter);
    if (separator.length !== 1 || '\r\n"'.includes(separator))
      return place.compiler.reject({
        path: place.pointer,
        message: 'a delimiter is one character, or an escape like \\t',
        found: delimiter,
      });
    const dialect = { delimiter: separator, nulls: new Set(nulls) };
    const decode = csvDecoding(dialect);
    const open = (): PieceParser => {
      const [read, records] = [codec.open(), csvDecodingInPieces(dialect)];
      return { push: (piece) => records(read(piece, false), false), end: () => records(read(Buffer.alloc(0), true), true) };
    };
    return ofBytes((body) => decode(codec.read(body)), true, plainPieces(open));
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
  build: ({ items_path: path, encoding: codec }) => ofBytes((body) => itemsAt(parseJson(codec.read(body)), path)),
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
  build({ decoder: { parse, inPieces } }) {
    const decode: Parse = (body) => parse(isGzip(body) ? unpack('gzip', (options) => gunzipSync(body, options)) : body);
    if (inPieces === undefined) return ofBytes(decode);
    const inner = async (pieces: AsyncIterable<Buffer>) =>
      inPieces.unpack(await unpackPieces(pieces, { zlib: false, plain: (plain) => plain }));
    return ofBytes(decode, true, { unpack: inner, open: () => inPieces.open() });
  },
});

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
