import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi } from '../../../test/support/local-api.js';
import type { Page } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { parsePosition } from '../source/read-position.js';

const ZONED = '%Y-%m-%dT%H:%M:%S%z';
const manifest = ({ format, start, end }: { format: string; start: string; end: string }) => ({
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['events'] },
  streams: [
    {
      type: 'DeclarativeStream',
      name: 'events',
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
      retriever: {
        type: 'SimpleRetriever',
        requester: {
          type: 'HttpRequester',
          url_base: "{{ config['base'] }}",
          path: '/{{ stream_partition.part }}',
          http_method: 'GET',
        },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
        paginator: {
          type: 'DefaultPaginator',
          pagination_strategy: { type: 'PageIncrement', start_from_page: 0, page_size: 1, inject_on_first_request: true },
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
        },
        partition_router: { type: 'ListPartitionRouter', values: ['a', 'b'], cursor_field: 'part' },
      },
      incremental_sync: {
        type: 'DatetimeBasedCursor',
        cursor_field: 'at',
        datetime_format: format,
        start_datetime: { type: 'MinMaxDatetime', datetime: start, datetime_format: format },
        end_datetime: { type: 'MinMaxDatetime', datetime: end, datetime_format: format },
      },
    },
  ],
});

/** Measured with airbyte-cdk 7.39.1. `pages`: the cursor values of each partition's pages. `kept`: the greatest texts that positions hold. */
const MEASURED = [
  {
    ...{ format: '%d-%m-%Y', start: '01-01-2024', end: '01-06-2024' },
    pages: { a: [['31-01-2024', '02-02-2024'], ['03-03-2024']], b: [['15-04-2024']] },
    state: '31-01-2024',
    states: { a: '03-03-2024', b: '15-04-2024' },
    kept: ['31-01-2024', '31-01-2024', '31-01-2024', null, null],
  },
  {
    ...{ format: '%s', start: '0', end: '1717200000' },
    pages: { a: [['999999999'], ['1000000001']], b: [['1000000000']] },
    state: '999999999',
    states: { a: '1000000001', b: '1000000000' },
    kept: [null, '999999999', '999999999', null, null],
  },
  {
    ...{ format: ZONED, start: '2024-01-01T00:00:00+0000', end: '2024-06-01T00:00:00+0000' },
    pages: { a: [['2024-05-16T18:00:00+0200'], ['2024-05-16T17:30:00+0000']], b: [['2024-05-02T00:00:00+0000']] },
    state: '2024-05-16T18:00:00+0200',
    states: { a: '2024-05-16T17:30:00+0000', b: '2024-05-02T00:00:00+0000' },
    kept: [null, '2024-05-16T18:00:00+0200', '2024-05-16T18:00:00+0200', null, null],
  },
  {
    ...{ format: '%Y-%m-%d', start: '2024-01-01', end: '2024-06-01' },
    pages: { a: [['2024-05-16'], ['2024-05-02']], b: [['2024-05-20']] },
    state: '2024-05-20',
    states: { a: '2024-05-16', b: '2024-05-20' },
    kept: [null, null, null, null, null],
  },
];

describe('what partitions share', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  const start = async ({ pages, ...times }: (typeof MEASURED)[number]) => {
    const api = await startApi(({ url }) => {
      const { pathname, searchParams } = new URL(url, 'http://api');
      const values: string[][] = pages[pathname.slice(1) as 'a' | 'b'];
      return [200, (values[Number(searchParams.get('page'))] ?? []).map((at, id) => ({ id, at }))];
    });
    const opened = openSource(manifest(times), api);
    open.push(api, opened);
    return opened;
  };

  it.each(MEASURED)('is the greatest value as a text, as in Airbyte: $format', async (measured) => {
    const { positions, error, state } = await readAll(await start(measured), 'events');
    expect(error).toBeNull();
    expect(state).toMatchObject({
      state: { at: measured.state },
      states: Object.entries(measured.states).map(([part, at]) => ({ partition: { part }, cursor: { at } })),
    });
    expect(positions.map((position) => parsePosition(position).highest.greatest)).toEqual(measured.kept);
  });

  it.each(MEASURED)('is not forgotten where every page is read by another process: $format', async (measured) => {
    const { source, clock } = await start(measured);
    const plan = { stream: 'events', state: null, incremental: true, now: new Date(clock.now).toISOString() };
    const progress = source.progress(plan);
    const { signal } = new AbortController();
    for (const slice of (await source.slices({ ...plan, after: null })).slices) {
      let position: Position | null = null;
      while (!parsePosition(position).done) {
        const pages: AsyncIterable<Page> = source.read({ stream: 'events', slice, position, signal });
        const page = await pages[Symbol.asyncIterator]().next();
        if (page.done === true) throw new Error('a slice ends with a page');
        position = JSON.parse(JSON.stringify(page.value.position)) as Position;
      }
      progress.add(slice, position);
    }
    expect(progress.state({ whole: true, seconds: 1 })).toMatchObject({ state: { at: measured.state } });
  });
});
