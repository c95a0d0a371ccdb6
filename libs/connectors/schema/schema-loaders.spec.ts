import { describe, expect, it } from '@jest/globals';
import { openStream } from '../records/stream-support.js';

// Expectations are what airbyte-cdk 7.39.1 made of the same manifest and answers.

const selector = (...path: string[]): object => ({
  type: 'RecordSelector',
  extractor: { type: 'DpathExtractor', field_path: path },
});
const requester = { type: 'HttpRequester', url_base: 'http://api.test', path: '/types' };
const text = { type: ['null', 'string'] };

const dynamic = {
  type: 'DynamicSchemaLoader',
  retriever: { type: 'SimpleRetriever', requester, record_selector: selector() },
  schema_filter: { type: 'RecordFilter', condition: "{{ 'hide' not in record }}" },
  schema_transformations: [{ type: 'KeysReplace', old: ' ', new: '_' }],
  schema_type_identifier: {
    schema_pointer: ['fields'],
    key_pointer: ['key'],
    type_pointer: ['type'],
    types_mapping: [
      { target_type: 'integer', current_type: 'int' },
      { target_type: 'string', current_type: 'text', condition: "{{ raw_schema.key != 'zz' }}" },
      { target_type: { field_type: 'array', items: 'string' }, current_type: 'list' },
      { target_type: ['string', 'number'], current_type: ['a', 'b'] },
    ],
  },
};
const fields = [
  { key: 'id', type: 'int' },
  { key: 'Big Name', type: 'text' },
  { key: 'tags', type: 'list' },
  { key: 'price', type: ['a', 'b'] },
  { key: 'when', type: 'timestamp_with_timezone' },
  { key: 'hide', type: 'text' },
  { key: 'untyped' },
];
const properties = {
  id: { type: ['null', 'integer'] },
  Big_Name: text,
  tags: { type: ['null', 'array'], items: text },
  price: { oneOf: [text, { type: ['null', 'number'] }] },
  when: { ...text, format: 'date-time' },
  untyped: text,
};
const rows = '{"rows":[{"id":"7","Big_Name":5,"tags":["a"],"price":"x","extra":1.0},{"id":8.9,"tags":3}]}';
const opened = (loader: unknown, described: object = { fields }) =>
  openStream({
    retriever: { record_selector: { ...selector('rows'), schema_normalization: 'Default' } },
    stream: loader === undefined ? {} : { schema_loader: loader },
    answers: { '/': rows, '/types': described },
  });

describe('a schema that the source describes', () => {
  it('is put together from its fields, with the types of the mapping', async () => {
    const schema = await opened(dynamic).schema();
    expect(schema).toEqual({
      $schema: 'https://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: true,
      properties,
    });
  });

  it('is what records are cast to, and asked for once', async () => {
    const source = opened(dynamic);
    const cast = [
      { id: 7, Big_Name: '5', tags: ['a'], price: 'x', extra: expect.anything() },
      { id: 8, tags: ['3'] },
    ];
    expect(await source.records()).toEqual(cast);
    expect(await source.records()).toEqual(cast);
    expect(source.asked).toEqual(['/types', '/', '/']);
  });

  it('is asked for before records are read, even where nothing is cast', async () => {
    const source = openStream({
      retriever: { record_selector: selector('rows') },
      stream: { schema_loader: dynamic },
      answers: { '/': rows, '/types': { fields } },
    });
    expect(await source.records()).toMatchObject([{ id: '7' }, { id: 8.9 }]);
    expect(source.asked).toEqual(['/types', '/']);
  });

  it('is empty where the source describes nothing', async () => {
    expect((await opened(dynamic, []).schema())?.properties).toEqual({});
  });

  it.each([
    [{ fields: { key: 'id' } }, 'no list of fields is there'],
    [{ fields: [{ type: 'text' }] }, 'a field has no name'],
    [{ fields: [{ key: 'id', type: 'quux' }] }, 'a field has a type that is none of Airbyte’s'],
  ])('that is described as %j is a failure', async (described, words) => {
    await expect(opened(dynamic, described).schema()).rejects.toMatchObject({
      code: 'SOURCE_BAD_RESPONSE',
      detail: expect.stringContaining(words),
    });
  });

  it('cannot have items in a type that is no list', () => {
    const target_type = { field_type: 'string', items: 'string' };
    const identifier = { ...dynamic.schema_type_identifier, types_mapping: [{ target_type, current_type: 'x' }] };
    expect(() => opened({ ...dynamic, schema_type_identifier: identifier })).toThrow('only the type "array" has items');
  });
});

describe('schema loaders', () => {
  const inline = {
    type: 'InlineSchemaLoader',
    schema: { type: 'object', properties: { extra: { type: 'string' }, id: { type: 'string' } } },
  };

  it('in a list are put together: the first one’s word counts', async () => {
    const source = opened([dynamic, inline]);
    expect((await source.schema())?.properties).toEqual({ ...properties, extra: { type: 'string' } });
    expect(await source.records()).toMatchObject([{ id: 7, extra: '1.0' }, { id: 8 }]);
  });

  // The file stands beside a connector's Python code; Airbyte fails without it, we read the stream without a schema.
  it('for a file, or none at all, leave the stream without a schema', async () => {
    for (const loader of [{ type: 'JsonFileSchemaLoader', file_path: './schemas/x.json' }, undefined]) {
      const source = opened(loader);
      expect(await source.schema()).toEqual({});
      expect(await source.records()).toMatchObject([{ id: '7' }, { id: 8.9 }]);
    }
  });
});
