import { describe, expect, it } from '@jest/globals';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { SluiceError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { openStream, type Answers } from './stream-support.js';

// Unless a test says otherwise, its expectation is what airbyte-cdk 7.39.1 read from the same manifest and answers.

const dpath = (...path: string[]): object => ({ type: 'DpathExtractor', field_path: path });

/** The records of a stream of one request, as JSON. */
async function read(
  body: string | Buffer | object,
  retriever: object,
  more: { stream?: object; answers?: Answers } = {},
): Promise<unknown> {
  const source = openStream({ retriever, stream: more.stream ?? {}, answers: { '/': body, ...more.answers } });
  return JSON.parse(stringifyJson(await source.records()));
}
const selected = (extractor: object, more: object = {}): object => ({
  record_selector: { type: 'RecordSelector', extractor, ...more },
});
const decoded = (decoder: object, extractor = dpath()): object => ({ ...selected(extractor), decoder });

const csv = 'id,name,tags\n1,"A, b",x\n2,,N/A\n3,"q""q",\n';
const csvRecords = [
  { id: '1', name: 'A, b', tags: 'x' },
  { id: '2', name: '', tags: 'N/A' },
  { id: '3', name: 'q"q', tags: '' },
];

describe('decoders', () => {
  it('CSV has encodings, delimiters and values that mean nothing', async () => {
    const nulls = { type: 'CsvDecoder', set_values_to_none: ['N/A', ''] };
    expect(await read(csv, decoded(nulls))).toEqual([
      csvRecords[0],
      { id: '2', name: null, tags: null },
      { id: '3', name: 'q"q', tags: null },
    ]);
    const tabs = { type: 'CsvDecoder', delimiter: '\\t', encoding: 'iso-8859-1' };
    expect(await read(Buffer.from('id\tname\r\n1\tä\x85\r\n', 'latin1'), decoded(tabs))).toEqual([{ id: '1', name: 'ä\x85' }]);
  });

  it('gzip is undone where it is there, and twice', async () => {
    const decoder = { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } };
    for (const body of [csv, gzipSync(csv)]) expect(await read(body, decoded(decoder))).toEqual(csvRecords);
    const nested = { type: 'GzipDecoder', decoder: { type: 'GzipDecoder', decoder: { type: 'JsonDecoder' } } };
    expect(await read(gzipSync(gzipSync('[{"id":1},{"id":2}]')), decoded(nested))).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('zip gives the records of its files in order', async () => {
    const body = zip({ 'b/': '', 'b/1.jsonl': '{"id":1}\n{"id":2}\n', 'a.jsonl': '{"id":3}' });
    const decoder = { type: 'ZipfileDecoder', decoder: { type: 'JsonlDecoder' } };
    expect(await read(body, decoded(decoder))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('lines of JSON may be lists', async () => {
    const body = '{"id":1}\n\n{"id":2}\n[{"id":3},{"id":4}]\n';
    expect(await read(body, decoded({ type: 'JsonlDecoder' }))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  });

  it('lines of text are records of one field', async () => {
    expect(await read('a\r\nb\n\nc', decoded({ type: 'IterableDecoder' }))).toEqual(
      ['a', 'b', '', 'c'].map((record) => ({ record })),
    );
  });

  it('a list inside a document is read by its path', async () => {
    const body = { data: { users: [{ id: 1 }, { id: 2 }], n: [{ users: [{ id: 9 }] }] } };
    const at = (path: string): object => decoded({ type: 'JsonItemsDecoder', items_path: path });
    expect(await read(body, at('data.users'))).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await read(body, at('data.n.item.users'))).toEqual([{ id: 9 }]);
  });

  it('XML is read, and nothing is an empty document', async () => {
    const decoder = decoded({ type: 'XmlDecoder' }, dpath('r', 'item'));
    const body = '<?xml version="1.0" encoding="iso-8859-1"?><r><item id="1"><n>é</n></item><item/></r>';
    expect(await read(Buffer.from(body.replace('<item/>', '<item id="2"/>'), 'latin1'), decoder)).toEqual([
      { '@id': '1', n: 'é' },
      { '@id': '2' },
    ]);
    expect(await read('', decoder)).toEqual([]);
  });

  it.each([
    ['gzip', { type: 'GzipDecoder', decoder: { type: 'JsonlDecoder' } }, () => gzipSync(Buffer.alloc(65 * 1024 * 1024, 10))],
    ['zip', { type: 'ZipfileDecoder', decoder: { type: 'JsonlDecoder' } }, () => zip({ a: Buffer.alloc(65 * 1024 * 1024, 10) })],
  ])('a %s bomb ends at the cap', async (_name, decoder, body) => {
    await expect(read(body(), decoded(decoder))).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
  });

  it.each([
    [{ type: 'GzipDecoder', decoder: { type: 'JsonDecoder' } }, gzipSync('[{"id":1}]').subarray(0, 20)],
    [{ type: 'ZipfileDecoder', decoder: { type: 'JsonDecoder' } }, 'PK no archive'],
    [{ type: 'XmlDecoder' }, '<r><open>'],
    [{ type: 'CsvDecoder', encoding: 'utf-8' }, Buffer.from([0x61, 0x0a, 0xff])],
  ])('%j refuses a broken body', async (decoder, body) => {
    await expect(read(body, decoded(decoder))).rejects.toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
  });

  it('an unknown encoding or a long delimiter is an error of the manifest', () => {
    for (const decoder of [
      { type: 'CsvDecoder', encoding: 'klingon' },
      { type: 'CsvDecoder', delimiter: ';;' },
    ])
      expect(() => openStream({ retriever: decoded(decoder), stream: {}, answers: {} })).toThrow(/encoding|delimiter/);
  });
});

describe('extractors', () => {
  it.each<[unknown, string[], unknown[]]>([
    [[{ id: 1 }, {}, { id: 2 }], [], [{ id: 1 }, { id: 2 }]],
    [[[{ id: 1 }], [{ id: 2 }]], [], [{ id: 1 }, { id: 2 }]],
    [[{ data: [{ id: 1 }] }, { data: { id: 2 } }, { data: {} }, { other: 1 }, { data: null }], ['data'], [{ id: 1 }, { id: 2 }]],
    [{ a: { x: { id: 1 }, y: { id: 2 } } }, ['a', '*'], [{ id: 1 }, { id: 2 }]],
    [{ b: [{ v: { id: 3 } }, { v: { id: 4 } }] }, ['b', '*', 'v'], [{ id: 3 }, { id: 4 }]],
    [{ b: [{ v: { id: 3 } }, { v: { id: 4 } }] }, ['b', '1', 'v'], [{ id: 4 }]],
    [{ b: [{ v: { id: 3 } }, { v: { id: 4 } }] }, ['b', '-1', 'v'], [{ id: 4 }]],
    [{ a: { x: { id: 1 } } }, ['a', '[x]'], [{ id: 1 }]],
    [{ a: 'text' }, ['a', 'b'], []],
  ])('%j at %j', async (body, path, expected) => {
    expect(await read(body as object, selected(dpath(...path)))).toEqual(expected);
  });

  const orders = {
    orders: [
      { id: 'o1', c: { n: 1 }, lines: { data: [{ id: 'l1' }, { id: 'l2', c: 5 }] } },
      { id: 'o2', c: null, lines: { data: [] } },
      { id: 'o3' },
    ],
  };
  const parent = orders.orders[0];
  const expanded = (more: object): object =>
    selected({
      ...dpath('orders'),
      record_expander: { type: 'RecordExpander', expand_records_from_field: ['lines', 'data'], ...more },
    });

  it.each<[object, unknown[]]>([
    [{}, [{ id: 'l1' }, { id: 'l2', c: 5 }]],
    [
      { remain_original_record: true },
      [
        { id: 'l1', original_record: parent },
        { id: 'l2', c: 5, original_record: parent },
      ],
    ],
    [
      { merge_parent: true },
      [
        { id: 'l1', c: { n: 1 }, lines: {} },
        { id: 'l2', c: 5, lines: {} },
      ],
    ],
    [{ on_no_records: 'emit_parent' }, [{ id: 'l1' }, { id: 'l2', c: 5 }, orders.orders[1], orders.orders[2]]],
    [
      {
        parent_fields: [
          { parent_path: ['c'], record_path: ['p', 'c'] },
          { parent_path: ['zz'], record_path: ['z'] },
        ],
      },
      [
        { id: 'l1', p: { c: { n: 1 } }, z: null },
        { id: 'l2', c: 5, p: { c: { n: 1 } }, z: null },
      ],
    ],
  ])('lists inside records are expanded: %j', async (more, expected) => {
    expect(await read(orders, expanded(more))).toEqual(expected);
  });

  it('what was expanded leaves no gap in a merged parent', async () => {
    const record_expander = { type: 'RecordExpander', expand_records_from_field: ['parts', '*'], merge_parent: true };
    const body = { orders: [{ parts: [[{ id: 1 }], 'x', [{ id: 2 }], 'y'] }] };
    expect(await read(body, selected({ ...dpath('orders'), record_expander }))).toEqual([
      { id: 1, parts: ['x', 'y'] },
      { id: 2, parts: ['x', 'y'] },
    ]);
  });

  it('several are put together, or the first that finds something counts', async () => {
    const body = { a: [{ id: 1 }, null, {}], b: [{ id: 2 }], c: [] };
    const combined = (mode: string, ...names: string[]): object =>
      selected({ type: 'CombinedExtractor', mode, skip_empty_records: true, extractors: names.map((name) => dpath(name)) });
    expect(await read(body, combined('union', 'a', 'b'))).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await read(body, combined('first_match', 'c', 'b', 'a'))).toEqual([{ id: 2 }]);
  });
});

describe('an answer of another shape', () => {
  const failure = async (reading: Promise<unknown>): Promise<SluiceError> =>
    reading.then(
      () => Promise.reject(new Error('it was read')),
      (error: unknown) => error as SluiceError,
    );

  // Airbyte takes it for an answer without records: those who rely on the stream would not hear of it.
  it('that is no JSON is a failure that shows its start to whom it is told, and to nobody else', async () => {
    const error = await failure(read(`<html>a s3cr3t-key ${'x'.repeat(500)}`, selected(dpath('rows'))));
    expect(error).toMatchObject({
      code: 'SOURCE_BAD_RESPONSE',
      detail: 'stream s, GET /: the body (status 200, 519 bytes) cannot be decoded',
    });
    expect(error.evidence).toBe(`http://api.test/ answered 200: <html>a [secret] ${'x'.repeat(181)}`);
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('html');
  });

  it('that leads to values that are no objects is one, too, unless a filter takes them out', async () => {
    const error = await failure(read({ rows: ['a', { id: 1 }] }, selected(dpath('rows'))));
    expect(error).toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
    expect(error.evidence).toBe('http://api.test/ answered 200: {"rows":["a",{"id":1}]}');
    const filter = { record_filter: { type: 'RecordFilter', condition: '{{ record is mapping }}' } };
    expect(await read({ rows: ['a', { id: 1 }] }, selected(dpath('rows'), filter))).toEqual([{ id: 1 }]);
  });
});

describe('the selector', () => {
  const body = {
    rows: [
      { id: 1, n: 'x' },
      { id: 2, n: 'y' },
    ],
  };
  const stream = { transformations: [{ type: 'AddFields', fields: [{ path: ['m'], value: '{{ record.n }}!' }] }] };
  const record_filter = { type: 'RecordFilter', condition: "{{ record.m != 'y!' }}" };

  it('filters before it transforms, unless told otherwise', async () => {
    const added = [
      { id: 1, n: 'x', m: 'x!' },
      { id: 2, n: 'y', m: 'y!' },
    ];
    expect(await read(body, selected(dpath('rows'), { record_filter }), { stream })).toEqual(added);
    const first = selected(dpath('rows'), { record_filter, transform_before_filtering: true });
    expect(await read(body, first, { stream })).toEqual([added[0]]);
  });

  it('keeps every digit through filters and transformations', async () => {
    const numbers = '{"rows":[{"id":12345678901234567890,"n":0.12345678901234567890}]}';
    const source = openStream({ retriever: selected(dpath('rows'), { record_filter }), stream, answers: { '/': numbers } });
    expect(stringifyJson(await source.records())).toBe(
      '[{"id":12345678901234567890,"n":0.12345678901234567890,"m":"0.12345678901234568!"}]',
    );
  });

  it('casts to the schema, and knows floats from integers', async () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'integer' },
        t: { type: ['null', 'string'] },
        o: { type: ['object', 'null'], properties: { l: { type: 'array', items: { type: 'string' } } } },
      },
    };
    const stream = { schema_loader: { type: 'InlineSchemaLoader', schema } };
    const rows = '{"rows":[{"id":"7","t":12.0,"o":{"l":[1.0,2]},"x":1.0},{"id":null,"t":null,"o":null}]}';
    const cast = await read(rows, selected(dpath('rows'), { schema_normalization: 'Default' }), { stream });
    expect(cast).toEqual([
      { id: 7, t: '12.0', o: { l: ['1.0', '2'] }, x: 1 },
      { id: null, t: null, o: null },
    ]);
    expect(await read(rows, selected(dpath('rows')), { stream })).toMatchObject([{ id: '7', t: 12 }, {}]);
  });
});

/** An archive as any packer makes it, without checksums, which nobody here reads. */
function zip(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const packed = content.length === 0 ? Buffer.alloc(0) : deflateRawSync(content);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(header, name, packed);
    directory.push(entry, name);
    offset += header.length + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
