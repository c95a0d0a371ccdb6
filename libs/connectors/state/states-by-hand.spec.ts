import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, startApi } from '../../../test/support/local-api.js';

const stream = (name: string, more: object, router: object = {}) => ({
  type: 'DeclarativeStream',
  name,
  schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
  retriever: {
    type: 'SimpleRetriever',
    requester: { type: 'HttpRequester', url_base: "{{ config['base'] }}", path: '/', http_method: 'GET' },
    record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
    ...router,
  },
  ...more,
});
const day = (more: object = {}) => ({
  incremental_sync: {
    type: 'DatetimeBasedCursor',
    cursor_field: 'at',
    datetime_format: '%Y-%m-%d',
    start_datetime: { type: 'MinMaxDatetime', datetime: '2024-01-01', datetime_format: '%Y-%m-%d' },
    step: 'P10D',
    cursor_granularity: 'P1D',
    ...more,
  },
});
const manifest = {
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['days'] },
  streams: [
    stream('days', day()),
    stream('looking_back', day({ lookback_window: 'P5D' })),
    stream('parts', day(), { partition_router: { type: 'ListPartitionRouter', values: ['a', 'b'], cursor_field: 'part' } }),
    stream('counted', { incremental_sync: { type: 'IncrementingCountCursor', cursor_field: 'n', start_value: 0 } }),
    stream('plain', {}),
  ],
};
const NOW = '2024-03-01T00:00:00.000Z';

describe('states by hand', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  const start = async () => {
    const api = await startApi(() => [200, []]);
    const { source, ...rest } = openSource(manifest, api);
    open.push(api, { ...rest, close: () => source.close() });
    const windows = async (name: string, state: Awaited<ReturnType<NonNullable<typeof source.states>['between']>>) =>
      (await source.slices({ stream: name, state, now: NOW, incremental: true, after: null })).slices.map(({ id }) => id);
    return { source, states: source.states as NonNullable<typeof source.states>, windows };
  };

  it('read a range, and nothing around it', async () => {
    const { states, windows } = await start();
    for (const name of ['days', 'looking_back']) {
      const range = await states.between({ stream: name, from: '2024-01-15', to: '2024-02-02' });
      expect(await windows(name, range)).toEqual(['2024-01-15..2024-01-24', '2024-01-25..2024-02-01']);
    }
    const first = await states.between({ stream: 'days', from: '2023-01-01', to: '2024-01-04T00:00:00Z' });
    expect(await windows('days', first)).toEqual(['2024-01-01..2024-01-03']);
  });

  it('read from a value on, in every partition', async () => {
    const { states, windows } = await start();
    expect(await windows('days', await states.between({ stream: 'days', from: '2024-02-25', to: null }))).toEqual([
      '2024-02-25..2024-03-01',
    ]);
    const parts = await windows('parts', await states.between({ stream: 'parts', from: '2024-02-25', to: null }));
    expect(parts.map((id) => id.split('@')[1])).toEqual(['2024-02-25..2024-03-01', '2024-02-25..2024-03-01']);
    expect(await states.between({ stream: 'counted', from: '7', to: null })).toEqual({ n: 7 });
  });

  it('cannot be made where the source could not say so', async () => {
    const { states } = await start();
    const refused = (stream: string, from: string, to: string | null) => expect(states.between({ stream, from, to })).rejects;
    await refused('days', 'yesterday', null).toMatchObject({ code: 'STATE_INVALID' });
    await refused('days', '2024-02-02', '2024-02-02').toMatchObject({ code: 'STATE_INVALID' });
    await refused('plain', '2024-01-01', null).toMatchObject({ code: 'STATE_NOT_POSSIBLE' });
    await refused('parts', '2024-01-01', '2024-02-01').toMatchObject({ code: 'STATE_NOT_POSSIBLE' });
    await refused('counted', '1', '2').toMatchObject({ code: 'STATE_NOT_POSSIBLE' });
    await refused('nope', '1', null).toMatchObject({ code: 'UNKNOWN_STREAM' });
  });

  it('are taken in every form that is read, and refused with the place of what is wrong', async () => {
    const { states } = await start();
    for (const [name, state] of [
      ['days', null],
      ['days', { at: '2024-02-01' }],
      ['days', { state_type: 'date-range', slices: [{ start: '2024-01-01', end: '2024-01-05' }] }],
      ['parts', { at: '2024-02-01' }],
      ['parts', { states: [{ partition: { part: 'a' }, cursor: { at: '2024-02-01' } }], state: { at: '2024-01-01' } }],
      ['counted', { n: 12 }],
    ] as const)
      expect(await states.read({ stream: name, state })).toEqual(state);
    const refused = (stream: string, state: unknown, path: string) =>
      expect(states.read({ stream, state })).rejects.toMatchObject({ code: 'STATE_INVALID', errors: [{ path }] });
    await refused('days', [], '');
    await refused('days', { at: 'soon' }, '/at');
    await refused('days', { at: null }, '/at');
    await refused('parts', { states: [{ partition: { part: 'a' }, cursor: { at: 'soon' } }] }, '/states/0/cursor/at');
    await refused('parts', { states: {} }, '/states');
    await refused('counted', { n: 'many' }, '/n');
    await refused('plain', { at: '2024-01-01' }, '');
  });

  it('show and take numbers with every digit', async () => {
    const { states } = await start();
    const kept = await states.read({ stream: 'counted', state: { n: 1, big: 12345678901234567890n } });
    expect(kept).toEqual({ n: 1, big: { $exact: '12345678901234567890' } });
    expect(states.show(kept)).toEqual({ n: 1, big: 12345678901234567890n });
  });
});
