import { describe, expect, it } from '@jest/globals';
import { stringifyJson } from '../../json/index.js';
import { compileManifest } from '../compile-manifest.js';

const retriever = (more: object = {}): object => ({
  type: 'SimpleRetriever',
  requester: { type: 'HttpRequester', url_base: 'https://api.example.com', path: '/items' },
  record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
  ...more,
});
const stream = (name: string, more: object = {}): object => ({
  type: 'DeclarativeStream',
  name,
  retriever: retriever(),
  ...more,
});

/** What the streams of a manifest make of `[{"a":1.0}]`. */
const read = (...streams: object[]): string[] =>
  compileManifest({
    version: '6.1.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['one'] },
    streams,
  }).streams.map(({ retriever: { decoder } }) =>
    stringifyJson(decoder.decode({ headers: {}, body: Buffer.from('[{"a":1.0}]') })[0]),
  );

describe('numbers written as floats', () => {
  it('stay floats where a template of the stream can see them, and are read faster elsewhere', () => {
    const added = { transformations: [{ type: 'AddFields', fields: [{ path: ['b'], value: "{{ record['a'] }}" }] }] };
    const other = { transformations: [{ type: 'AddFields', fields: [{ path: ['b'], value: "{{ config['a'] }}" }] }] };
    expect(read(stream('one'), stream('two', added), stream('three', other))).toEqual(['{"a":1}', '{"a":1.0}', '{"a":1}']);
  });

  it('stay floats in a parent, whose keys go into requests; the stream around it is not touched by that', () => {
    const child = stream('child', {
      retriever: retriever({
        partition_router: {
          type: 'SubstreamPartitionRouter',
          parent_stream_configs: [
            { type: 'ParentStreamConfig', parent_key: 'a', partition_field: 'a', stream: stream('parent') },
          ],
        },
      }),
    });
    expect(read(child)).toEqual(['{"a":1}']);
  });
});
