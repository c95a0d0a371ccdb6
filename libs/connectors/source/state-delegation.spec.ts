import { afterEach, describe, expect, it } from '@jest/globals';
import type { StreamState } from '../../contracts/stream.js';
import { openSource, readAll, startApi } from '../../../test/support/local-api.js';

const stream = (path: string, more: object = {}) => ({
  type: 'DeclarativeStream',
  name: 'events',
  schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
  retriever: {
    type: 'SimpleRetriever',
    requester: { type: 'HttpRequester', url_base: "{{ config['base'] }}", path, http_method: 'GET' },
    record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
  },
  ...more,
});
const cursor = {
  type: 'DatetimeBasedCursor',
  cursor_field: 'at',
  datetime_format: '%Y-%m-%d',
  start_datetime: '2024-01-01',
  start_time_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'since' },
};
const delegating = (more: object = {}) => ({
  type: 'StateDelegatingStream',
  name: 'events',
  full_refresh_stream: stream('/all'),
  incremental_stream: stream('/new', { incremental_sync: cursor }),
  ...more,
});
const manifest = (streams: object[]) => ({
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['events'] },
  streams,
});

describe('StateDelegatingStream', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  async function read(definition: object, state: StreamState, name = 'events') {
    const api = await startApi(({ url }) => [200, url.startsWith('/child') ? [{ of: url }] : [{ id: 1, at: '2024-05-30' }]]);
    open.push(api);
    const opened = openSource(manifest([definition]), api);
    open.push(opened);
    const { error, state: reached } = await readAll(opened, name, { state });
    expect(error).toBeNull();
    return { asked: api.asked, state: reached, source: opened.source };
  }

  it('reads all at first, and then what is new', async () => {
    const first = await read(delegating(), null);
    expect(first.asked).toEqual(['GET /all']);
    expect(first.state).toEqual({ __ab_no_cursor_state_message: true });
    const second = await read(delegating(), first.state);
    expect(second.asked).toEqual(['GET /new?since=2024-01-01']);
    // The mark stays, as in Airbyte.
    expect(second.state).toEqual({ __ab_no_cursor_state_message: true, at: '2024-05-30' });
    expect((await read(delegating(), { at: '2024-05-20' })).asked).toEqual(['GET /new?since=2024-05-20']);
  });

  it('reads all again where the source does not remember for so long', async () => {
    const forgetful = delegating({ api_retention_period: "{{ config.get('days', 'P30D') }}" });
    expect((await read(forgetful, { at: '2024-05-20' })).asked).toEqual(['GET /new?since=2024-05-20']);
    expect((await read(forgetful, { at: '2024-03-01' })).asked).toEqual(['GET /all']);
    expect((await read(forgetful, { __ab_no_cursor_state_message: true })).asked).toEqual(['GET /new?since=2024-01-01']);
    expect((await read(forgetful, { other: 1 })).asked).toEqual(['GET /all']);
  });

  it('can be synced incrementally, and be a parent', async () => {
    const { source } = await read(delegating(), null);
    expect((await source.discover()).streams[0]).toMatchObject({
      cursorField: 'at',
      modes: expect.arrayContaining(['incremental_append']),
    });
    const child = {
      ...stream('/child/{{ stream_partition.id }}', { name: 'children' }),
    };
    Object.assign(child.retriever, {
      partition_router: {
        type: 'SubstreamPartitionRouter',
        parent_stream_configs: [{ type: 'ParentStreamConfig', parent_key: 'id', partition_field: 'id', stream: delegating() }],
      },
    });
    expect((await read(child, null, 'children')).asked).toEqual(['GET /all', 'GET /child/1']);
  });

  it('has one name', () => {
    const definition = manifest([delegating({ full_refresh_stream: stream('/all', { name: 'others' }) })]);
    expect(() => openSource(definition, { base: 'http://127.0.0.1:1', asked: [], close: async () => undefined })).toThrow(
      /one name/,
    );
  });
});
