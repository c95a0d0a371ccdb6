import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { compileManifest } from '../compile-manifest.js';

function retrieverOf(more: object) {
  const requester = { type: 'HttpRequester', url_base: 'http://api.test', path: '/' };
  const path = { type: 'DpathExtractor', field_path: ['x'] };
  const { streams } = compileManifest({
    version: '7.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['s'] },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 's' },
        retriever: {
          type: 'AsyncRetriever',
          record_selector: { type: 'RecordSelector', extractor: path },
          status_mapping: { running: ['r'], completed: ['c'], failed: ['f'], timeout: ['t'] },
          ...{
            status_extractor: path,
            creation_requester: requester,
            polling_requester: requester,
            download_requester: requester,
          },
          ...more,
        },
      },
    ],
  });
  const [stream] = streams;
  if (stream === undefined) throw new Error('no stream');
  return stream.retriever;
}
const inPieces = (more: object) => retrieverOf(more).job?.inPieces;
const csv = (more: object = {}) => ({ type: 'CsvDecoder', ...more });

/** The values of a body that comes in pieces of `size` bytes. */
async function read(more: object, body: Buffer, size: number): Promise<unknown[]> {
  const decoding = inPieces(more);
  if (decoding === undefined) throw new Error('not in pieces');
  const parser = decoding.open();
  async function* pieces() {
    for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
  }
  const values: unknown[] = [];
  for await (const piece of await decoding.unpack(pieces())) values.push(...parser.push(piece));
  return [...values, ...parser.end()];
}

describe('bodies in pieces', () => {
  const texts = [
    '',
    'a,b\n',
    'a,b\r\n1,2\r\n\r\n3,"x\r\ny"\r\n',
    'a,b\r1,\r2,"say ""hi"""tail\r',
    'a,b\n1,2,3,4\n5\n"unclosed, "" \nto the end',
    'a,b\n"",\n,"é€😀"\n1,',
    '\n\na,b\n 1 ,"2"\n',
  ];
  const bodies = (text: string) => [Buffer.from(text), gzipSync(text)];

  it.each(texts)('give the rows of the whole CSV, wherever they are cut: %j', async (text) => {
    const decoder = { type: 'GzipDecoder', decoder: csv({ set_values_to_none: ['2'] }) };
    const whole = retrieverOf({ download_decoder: decoder }).decoder.decode({
      body: Buffer.from(text),
      headers: {},
    });
    for (const body of bodies(text))
      for (const size of [1, 2, 3, 7, 1_000]) expect(await read({ download_decoder: decoder }, body, size)).toEqual(whole);
  });

  it('give the same in every encoding, also where a character is cut', async () => {
    const text = 'a,b\nä,é\n😀,"\n"\n';
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const cases: [string, Buffer][] = [
      ['utf-16', utf16],
      ['utf-16', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()])],
      ['utf-8-sig', Buffer.from(`\uFEFF${text}`)],
      ['latin-1', Buffer.from('a,b\nä,é\n', 'latin1')],
    ];
    for (const [encoding, body] of cases) {
      const download_decoder = csv({ encoding });
      const whole = retrieverOf({ download_decoder }).decoder.decode({ body, headers: {} });
      expect(whole[0]).toEqual({ a: 'ä', b: 'é' });
      for (const size of [1, 3, 5]) expect(await read({ download_decoder }, body, size)).toEqual(whole);
    }
  });

  it.each(['', '{"a":1}\n\n{"a":"\\n é"}\n[1,2]', '{"a":1}\r\n{"a":2}\r\n'])('give the lines of %j', async (text) => {
    for (const type of ['JsonlDecoder', 'IterableDecoder']) {
      const download_decoder = { type };
      const body = Buffer.from(text);
      const whole = retrieverOf({ download_decoder }).decoder.decode({ body, headers: {} });
      for (const size of [1, 2, 5, 100]) expect(await read({ download_decoder }, body, size)).toEqual(whole);
    }
  });

  it('give the file that pandas reads, without null bytes and with numbered names', async () => {
    const more = { download_extractor: { type: 'ResponseToFileExtractor' } };
    const text = '\uFEFFa,a,\n1,NA,x\n \n2,"y\0",\n';
    for (const size of [1, 2, 5, 100])
      expect(await read(more, Buffer.from(text), size)).toEqual([
        { a: '1', 'a.1': null, 'Unnamed: 2': 'x' },
        { a: '2', 'a.1': 'y', 'Unnamed: 2': null },
      ]);
  });

  it('are refused where a line has no end', async () => {
    const endless = Buffer.alloc(17 * 1024 * 1024, 'x');
    for (const type of ['JsonlDecoder', 'IterableDecoder'])
      await expect(read({ download_decoder: { type } }, endless, 1024 * 1024)).rejects.toMatchObject({
        code: 'RESPONSE_TOO_LARGE',
      });
    const cells = Buffer.alloc(17 * 1024 * 1024, '1,');
    await expect(read({ download_decoder: csv() }, cells, 64 * 1024)).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    await expect(read({ download_decoder: csv() }, endless, 64 * 1024)).rejects.toThrow(SyntaxError);
  });

  it('are there for formats that have lines or rows only', () => {
    const zip = { type: 'ZipfileDecoder', decoder: csv() };
    const packedJson = { type: 'GzipDecoder', decoder: { type: 'JsonDecoder' } };
    for (const download_decoder of [zip, packedJson, { type: 'XmlDecoder' }, { type: 'JsonDecoder' }])
      expect(inPieces({ download_decoder })).toBeUndefined();
    const combined = {
      type: 'CombinedExtractor',
      mode: 'first_match',
      extractors: [{ type: 'DpathExtractor', field_path: ['a'] }],
    };
    expect(inPieces({ download_decoder: csv(), download_extractor: combined })).toBeUndefined();
  });
});
