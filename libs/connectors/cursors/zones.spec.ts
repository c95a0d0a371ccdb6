import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi } from '../../../test/support/local-api.js';
import type { StreamState } from '../../contracts/stream.js';

const WITH_ZONE = '%Y-%m-%dT%H:%M:%S%z';
const DATE = '%Y-%m-%dT%H:%M:%SZ';
const option = (name: string) => ({ type: 'RequestOption', inject_into: 'request_parameter', field_name: name });
const time = (datetime: string) => ({ type: 'MinMaxDatetime', datetime, datetime_format: DATE });
const manifest = (format: string) => ({
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
        requester: { type: 'HttpRequester', url_base: "{{ config['base'] }}", path: '/', http_method: 'GET' },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      },
      incremental_sync: {
        type: 'DatetimeBasedCursor',
        cursor_field: 'at',
        datetime_format: format,
        cursor_datetime_formats: [WITH_ZONE],
        start_datetime: time('2024-04-01T00:00:00Z'),
        end_datetime: time('2024-06-01T00:00:00Z'),
        start_time_option: option('since'),
        end_time_option: option('until'),
      },
    },
  ],
});

/** Measured with airbyte-cdk 7.39.1: three runs, each with the state of the one before. */
const MEASURED = [
  {
    format: '%Y-%m-%dT%H:%M:%S-12:00',
    values: ['2024-05-16T18:00:00+0200', '2024-05-10T00:00:00-1200'],
    since: ['2024-04-01T00:00:00-12:00', '2024-04-01T00:00:00-12:00', '2024-05-16T18:00:00-12:00'],
    states: ['2024-04-01T00:00:00-12:00', '2024-05-16T18:00:00-12:00', '2024-05-16T18:00:00-12:00'],
  },
  {
    format: WITH_ZONE,
    values: ['2024-05-16T18:00:00+0200', '2024-05-10T00:00:00-1200'],
    since: ['2024-04-01T00:00:00+0000', '2024-05-16T18:00:00+0200', '2024-05-16T18:00:00+0200'],
    states: ['2024-05-16T18:00:00+0200', '2024-05-16T18:00:00+0200', '2024-05-16T18:00:00+0200'],
  },
  {
    format: DATE,
    values: ['2024-05-16T18:00:00+0200', '2024-05-10T00:00:00-1200'],
    since: ['2024-04-01T00:00:00Z', '2024-05-16T18:00:00Z', '2024-05-16T18:00:00Z'],
    states: ['2024-05-16T18:00:00Z', '2024-05-16T18:00:00Z', '2024-05-16T18:00:00Z'],
  },
  {
    format: DATE,
    values: ['2024-05-16T18:00:00+0200', '2024-05-16T17:30:00+0000'],
    since: ['2024-04-01T00:00:00Z', '2024-05-16T17:30:00Z', '2024-05-16T17:30:00Z'],
    states: ['2024-05-16T17:30:00Z', '2024-05-16T17:30:00Z', '2024-05-16T17:30:00Z'],
  },
];

describe('a cursor whose records tell a zone', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  it.each(MEASURED)(
    'shows it in requests and states as Airbyte does: $format of $values',
    async ({ format, values, since, states }) => {
      let state: StreamState = null;
      const seen = { since: [] as (string | null)[], states: [] as unknown[] };
      for (const _run of states) {
        const api = await startApi(() => [200, values.map((at, id) => ({ id, at }))]);
        const opened = openSource(manifest(format), api);
        open.push(api, opened);
        const result = await readAll(opened, 'events', { state });
        expect(result.error).toBeNull();
        state = result.state;
        seen.states.push(state?.['at']);
        seen.since.push(...api.asked.map((asked) => new URL(asked.split(' ')[1] ?? '', 'http://api').searchParams.get('since')));
      }
      expect(seen).toEqual({ since, states });
    },
  );
});
