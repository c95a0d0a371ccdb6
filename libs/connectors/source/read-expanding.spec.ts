import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi, type Api, type Handle, type Reply } from '../../../test/support/local-api.js';
import type { Page } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import type { SluiceError } from '../../errors/index.js';
import { recordsOf } from '../../pipeline/index.js';
import { compileManifest } from '../compile-manifest.js';

const error_handler = {
  type: 'DefaultErrorHandler',
  max_retries: 2,
  backoff_strategies: [{ type: 'ConstantBackoffStrategy', backoff_time_in_seconds: 0.01 }],
};
const requester = (path: string, more: object = {}) => ({
  ...{ type: 'HttpRequester', url_base: "{{ config['base'] }}", path, error_handler },
  authenticator: { type: 'BearerAuthenticator', api_token: "{{ config['token'] }}" },
  ...more,
});
const selector = (field_path: string[], more: object = {}, record_filter?: object) => ({
  type: 'RecordSelector',
  extractor: { type: 'DpathExtractor', field_path, ...more },
  ...(record_filter === undefined ? {} : { record_filter }),
});
const cursorPages = {
  type: 'DefaultPaginator',
  pagination_strategy: {
    type: 'CursorPagination',
    cursor_value: '{{ response.next }}',
    stop_condition: '{{ not response.next }}',
  },
  page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
};
const linesRetriever = (more: object = {}) => ({
  type: 'SimpleRetriever',
  requester: requester("/orders/{{ stream_slice['parent_record']['id'] }}/lines"),
  record_selector: selector(['items']),
  paginator: cursorPages,
  ...more,
});
const expander = (more: object = {}) => ({
  ...{ type: 'RecordExpander', expand_records_from_field: ['lines', 'data'] },
  truncation_indicator_path: ['lines', 'has_more'],
  truncated_list_retriever: linesRetriever(),
  ...more,
});
/** A stream "lines" of orders' lines; an order has some of them, and says whether there are more. */
const manifest = (record_expander: object, retriever: object = {}, stream: object = {}, streams: object[] = []) => ({
  version: '7.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['lines'] },
  streams: [
    {
      ...{ type: 'DeclarativeStream', name: 'lines' },
      retriever: {
        ...{ type: 'SimpleRetriever', requester: requester('/orders'), paginator: cursorPages },
        record_selector: selector(['orders'], { record_expander }),
        ...retriever,
      },
      ...stream,
    },
    ...streams,
  ],
});
const lines = (order: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: `${order}.${from + index}` }));
const order = (id: unknown, embedded: object[], has_more: unknown, more: object = {}) => ({
  id,
  lines: { data: embedded, has_more, ...more },
});
const ids = (records: readonly Record<string, unknown>[]) => records.map(({ id }) => id);

describe('lists that the source cut short', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  async function world(definition: object, answers: Record<string, Reply | (() => Reply)>) {
    const handle: Handle = ({ url, headers }) => {
      if (headers.authorization !== 'Bearer t0k3n') return [401, {}];
      const reply = answers[url] ?? [404, { error: 'no such thing' }];
      return typeof reply === 'function' ? reply() : reply;
    };
    const api = await startApi(handle);
    const opened = openSource(definition, api, { token: 't0k3n' });
    open.push(api, opened);
    return { api, opened, read: (from: Position | null = null) => pagesOf(opened, from) };
  }
  async function pagesOf({ source }: ReturnType<typeof openSource>, position: Position | null) {
    const now = '2024-06-01T00:00:00Z';
    const { slices } = await source.slices({ stream: 'lines', state: null, now, incremental: true, after: null });
    const [pages, records]: [Page[], Record<string, unknown>[]] = [[], []];
    let error: SluiceError | null = null;
    try {
      for (const slice of slices)
        for await (const page of source.read({ stream: 'lines', slice, position, signal: new AbortController().signal })) {
          pages.push(page);
          records.push(...recordsOf(page));
        }
    } catch (thrown) {
      error = thrown as SluiceError;
    }
    const warnings = [...new Set(pages.flatMap((page) => page.warnings ?? []))];
    return { pages, records, error, warnings, requests: pages.reduce((sum, page) => sum + page.requests, 0) };
  }
  const paths = (api: Api) => api.asked.map((call) => call.slice('GET '.length));

  const three = [order('a', lines('a', 0, 2), false), order('b', lines('b', 0, 2), true), order('c', lines('c', 0, 1), 0)];

  it('are fetched whole, once for each record that says so, in the place of what it holds, with the connection’s credentials', async () => {
    const w = await world(manifest(expander()), {
      '/orders': [200, { orders: three, next: 2 }],
      '/orders/b/lines': [200, { items: lines('b', 0, 3), next: 'x' }],
      '/orders/b/lines?page=x': [200, { items: lines('b', 3, 4) }],
      '/orders?page=2': [200, { orders: [order('d', lines('d', 0, 1), null), { id: 'e' }] }],
    });
    const { records, error, warnings, requests } = await w.read();
    expect(error).toBeNull();
    expect(ids(records)).toEqual(['a.0', 'a.1', 'b.0', 'b.1', 'b.2', 'b.3', 'c.0', 'd.0']);
    expect(paths(w.api)).toEqual(['/orders', '/orders/b/lines', '/orders/b/lines?page=x', '/orders?page=2']);
    expect({ warnings, requests }).toEqual({ warnings: [], requests: 4 });
  });

  it('get what their parents give to the items they hold', async () => {
    const parent = { ...order('b', lines('b', 0, 1), true), who: { n: 1 } };
    const answers = {
      '/orders': [200, { orders: [parent] }] as Reply,
      '/orders/b/lines': [200, { items: [{ id: 'b.0', who: 'me' }, { id: 'b.1' }] }] as Reply,
    };
    const read = async (more: object) => (await (await world(manifest(expander(more)), answers)).read()).records;
    expect(await read({ parent_fields: [{ parent_path: ['who', 'n'], record_path: ['of', 'n'] }] })).toEqual([
      { id: 'b.0', who: 'me', of: { n: 1 } },
      { id: 'b.1', of: { n: 1 } },
    ]);
    expect(await read({ merge_parent: true })).toEqual([
      { id: 'b.0', who: 'me', lines: { has_more: true } },
      { id: 'b.1', who: { n: 1 }, lines: { has_more: true } },
    ]);
    expect(await read({ remain_original_record: true })).toEqual([
      { id: 'b.0', who: 'me', original_record: parent },
      { id: 'b.1', original_record: parent },
    ]);
  });

  it('stay as they are where nothing comes, and a shortfall is told, without values', async () => {
    const w = await world(manifest(expander({ on_no_records: 'emit_parent' })), {
      '/orders': [
        200,
        {
          orders: [
            order('a', lines('a', 0, 2), true, { total_count: 5 }),
            order('b', [], true, { total_count: '5' }),
            order('c', [], true, { total_count: 1 }),
          ],
        },
      ],
      '/orders/a/lines': [200, { items: [] }],
      '/orders/b/lines': [200, {}],
      '/orders/c/lines': [200, { items: lines('c', 0, 1) }],
    });
    const { records, error, warnings } = await w.read();
    expect(error).toBeNull();
    expect(ids(records)).toEqual(['a.0', 'a.1', 'b', 'c.0']);
    expect(warnings).toEqual([
      '/streams/0/retriever/record_selector/extractor/record_expander: of a list that was fetched fewer items came than its total_count says',
    ]);
  });

  it('are read as far as they go, with a warning, where nothing fetches them', async () => {
    const { truncated_list_retriever: _none, ...rest } = expander();
    const w = await world(manifest(rest), { '/orders': [200, { orders: three }] });
    const { records, warnings } = await w.read();
    expect(ids(records)).toEqual(['a.0', 'a.1', 'b.0', 'b.1', 'c.0']);
    expect(warnings).toEqual([expect.stringContaining('cut short')]);
  });

  it('are tried again as their own error handler says, and fail the stream, by its name, where that is in vain', async () => {
    let tries = 0;
    const answers: Record<string, Reply | (() => Reply)> = {
      '/orders': [200, { orders: three }],
      '/orders/b/lines': () => (++tries < 3 ? [500, {}] : [200, { items: lines('b', 0, 1) }]),
    };
    const w = await world(manifest(expander()), answers);
    expect(ids((await w.read()).records)).toEqual(['a.0', 'a.1', 'b.0', 'c.0']);
    answers['/orders/b/lines'] = [404, {}];
    const { error, pages } = await w.read();
    expect(error).toMatchObject({ code: 'SOURCE_REQUEST_REFUSED', details: { stream: 'lines', status: 404 } });
    expect(error?.message).toContain("GET /orders/{{ stream_slice['parent_record']['id'] }}/lines");
    expect(pages.every(({ position }) => position === null)).toBe(true);
  });

  it('come in parts that no chunk may end at: who is told to wait on the way reads the page and its lists once more', async () => {
    let busy = true;
    const w = await world(manifest(expander()), {
      '/orders': [200, { orders: [order('a', [], true)], next: 2 }],
      '/orders/a/lines': [200, { items: lines('a', 0, 2) }],
      '/orders?page=2': [200, { orders: [order('b', lines('b', 0, 1), false), order('c', [], true), order('d', [], true)] }],
      '/orders/c/lines': [200, { items: lines('c', 0, 2) }],
      '/orders/d/lines': () => (busy ? [429, {}, { 'retry-after': '60' }] : [200, { items: lines('d', 0, 1) }]),
    });
    const first = await w.read();
    expect(first.error).toMatchObject({ code: 'RATE_LIMITED' });
    const at = first.pages.filter(({ position }) => position !== null);
    expect(at).toHaveLength(1);
    expect(first.pages.every(({ position, rereads = false }) => rereads === (position === null))).toBe(true);
    expect(ids(first.records)).toEqual(['a.0', 'a.1', 'b.0', 'c.0', 'c.1']);
    busy = false;
    w.api.asked.length = 0;
    const second = await w.read(at[0]?.position ?? null);
    expect(ids(second.records)).toEqual(['b.0', 'c.0', 'c.1', 'd.0']);
    expect(paths(w.api)).toEqual(['/orders?page=2', '/orders/c/lines', '/orders/d/lines']);
    expect(second.pages.at(-1)?.position).toMatchObject({ d: true });
  });

  it('are asked for when the reader gets there, page by page', async () => {
    const w = await world(manifest(expander()), {
      '/orders': [200, { orders: [order('a', [], true), order('b', [], true)] }],
      '/orders/a/lines': [200, { items: lines('a', 0, 1) }],
      '/orders/b/lines': [200, { items: lines('b', 0, 1) }],
    });
    const { source } = w.opened;
    const plan = { stream: 'lines', state: null, now: '2024-06-01T00:00:00Z', incremental: true, after: null };
    const [slice] = (await source.slices(plan)).slices;
    if (slice === undefined) throw new Error('no slice');
    for await (const _page of source.read({ stream: 'lines', slice, position: null, signal: new AbortController().signal }))
      break;
    expect(paths(w.api)).toEqual(['/orders', '/orders/a/lines']);
  });

  it('count as the records of their page, are filtered and transformed with it, and move its cursor', async () => {
    const byOffset = {
      type: 'DefaultPaginator',
      pagination_strategy: { type: 'OffsetIncrement', page_size: 3 },
      page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'offset' },
    };
    const day = (n: number) => ({ id: `a.${n}`, at: `2024-05-0${n}` });
    const list = expander({
      truncated_list_retriever: linesRetriever({
        record_selector: selector(['items'], {}, { type: 'RecordFilter', condition: "{{ record.id != 'a.3' }}" }),
      }),
    });
    const definition = manifest(
      list,
      {
        paginator: byOffset,
        record_selector: selector(
          ['orders'],
          { record_expander: list },
          { type: 'RecordFilter', condition: "{{ record.id != 'a.1' }}" },
        ),
      },
      {
        transformations: [{ type: 'AddFields', fields: [{ path: ['k'], value: '{{ record.id }}!' }] }],
        incremental_sync: {
          type: 'DatetimeBasedCursor',
          cursor_field: 'at',
          datetime_format: '%Y-%m-%d',
          start_datetime: '2024-01-01',
        },
      },
    );
    const w = await world(definition, {
      '/orders': [200, { orders: [order('a', [day(1)], true)] }],
      '/orders/a/lines': [200, { items: [day(1), day(2), day(3), day(4)] }],
      '/orders?offset=3': [200, { orders: [] }],
    });
    const { records, state, error } = await readAll(w.opened, 'lines');
    expect(error).toBeNull();
    expect(records).toEqual([
      { ...day(2), k: 'a.2!' },
      { ...day(4), k: 'a.4!' },
    ]);
    expect(state).toEqual({ at: '2024-05-04' });
    expect(paths(w.api)).toEqual(['/orders', '/orders/a/lines', '/orders?offset=3']);
  });

  it('are found in lists that were fetched, and by what the source wrote', async () => {
    const inner = expander({
      truncated_list_retriever: linesRetriever({
        requester: requester("/groups/{{ stream_slice['parent_record']['id'] }}"),
        record_selector: selector(['items']),
      }),
    });
    const outer = expander({
      truncated_list_retriever: linesRetriever({ record_selector: selector(['groups'], { record_expander: inner }) }),
    });
    const w = await world(manifest(outer), {
      '/orders': [200, '{"orders": [{"id": 1.0, "lines": {"has_more": true}}]}'],
      '/orders/1.0/lines': [200, '{"groups": [{"id": 2.0, "lines": {"data": [], "has_more": "yes"}}]}'],
      '/groups/2.0': [200, { items: lines('g', 0, 2) }],
    });
    const { records, error } = await w.read();
    expect(error).toBeNull();
    expect(ids(records)).toEqual(['g.0', 'g.1']);
  });

  it('are extracted beside others, or where nothing else is there', async () => {
    const combined = (mode: string) => ({
      record_selector: {
        type: 'RecordSelector',
        extractor: {
          ...{ type: 'CombinedExtractor', mode },
          extractors: [
            { type: 'DpathExtractor', field_path: ['orders'], record_expander: expander() },
            { type: 'DpathExtractor', field_path: ['single'] },
          ],
        },
      },
    });
    const answers: Record<string, Reply> = {
      '/orders': [200, { orders: [order('a', [], true)], single: { id: 's' } }],
      '/orders/a/lines': [200, { items: lines('a', 0, 1) }],
    };
    const read = async (mode: string) => ids((await (await world(manifest({}, combined(mode)), answers)).read()).records);
    expect(await read('union')).toEqual(['a.0', 's']);
    expect(await read('first_match')).toEqual(['a.0']);
    answers['/orders/a/lines'] = [200, {}];
    expect(await read('first_match')).toEqual(['s']);
  });

  it('may be the parents of another stream, whose plan is made in pieces', async () => {
    const child = {
      ...{ type: 'DeclarativeStream', name: 'notes' },
      retriever: {
        ...{ type: 'SimpleRetriever', requester: requester("/notes/{{ stream_slice['line'] }}"), record_selector: selector([]) },
        partition_router: {
          type: 'SubstreamPartitionRouter',
          parent_stream_configs: [{ parent_key: 'id', partition_field: 'line', stream: manifest(expander()).streams[0] }],
        },
      },
    };
    const w = await world(manifest(expander(), {}, {}, [child]), {
      '/orders': [200, { orders: [order('a', lines('a', 0, 1), false), order('b', [], true)], next: 2 }],
      '/orders/b/lines': [200, { items: lines('b', 0, 900), next: 'x' }],
      '/orders/b/lines?page=x': [200, { items: lines('b', 900, 1_500) }],
      '/orders?page=2': [200, { orders: [order('c', [], true)] }],
      '/orders/c/lines': [200, { items: lines('c', 0, 700) }],
    });
    const plan = { stream: 'notes', state: null, now: '2024-06-01T00:00:00Z', incremental: false };
    const found: unknown[] = [];
    let [after, pieces]: [Parameters<typeof w.opened.source.slices>[0]['after'], number] = [null, 0];
    do {
      const { slices, next } = await w.opened.source.slices({ ...plan, after });
      found.push(...slices.map(({ spec }) => (spec as { p: { line: string } }).p.line));
      [after, pieces] = [next, pieces + 1];
    } while (after !== null);
    expect(pieces).toBe(3);
    expect(found).toEqual(ids([...lines('a', 0, 1), ...lines('b', 0, 1_500), ...lines('c', 0, 700)]));
  });
});

describe('a RecordExpander', () => {
  const problem = (definition: object): unknown => {
    try {
      compileManifest(definition);
    } catch (error) {
      const { code, errors } = error as SluiceError;
      return [code, errors?.[0]?.path.replace('/streams/0/retriever', ''), errors?.[0]?.message];
    }
    return null;
  };
  const at = '/record_selector/extractor/record_expander';
  const lead = 'the path has to lead to one place, without "*", "?" or "["';

  it.each<[object, string, string]>([
    [{ truncation_indicator_path: ['lines', '*'] }, `${at}/truncation_indicator_path`, lead],
    [{ expand_records_from_field: ['l?nes'] }, `${at}/expand_records_from_field`, lead],
    [{ parent_fields: [{ parent_path: ['[a]'], record_path: ['a'] }] }, `${at}/parent_fields/0/parent_path`, lead],
    [{ parent_fields: [{ parent_path: ['a'], record_path: [] }] }, `${at}/parent_fields/0/record_path`, 'the path needs a step'],
    [
      { truncation_indicator_path: [] },
      `${at}/truncated_list_retriever`,
      'truncated_list_retriever needs the field "truncation_indicator_path" beside it',
    ],
    [
      {
        truncated_list_retriever: linesRetriever({
          partition_router: { type: 'ListPartitionRouter', values: ['a'], cursor_field: 'x' },
        }),
      },
      `${at}/truncated_list_retriever/partition_router`,
      'a truncated_list_retriever has no partitions',
    ],
    [
      { truncated_list_retriever: linesRetriever({ pagination_reset: { type: 'PaginationReset', action: 'RESET' } }) },
      `${at}/truncated_list_retriever/pagination_reset`,
      'pagination_reset does not work in a truncated_list_retriever',
    ],
  ])('is invalid where a part does not work: %#', (more, path, message) => {
    expect(problem(manifest(expander(more)))).toEqual(['MANIFEST_INVALID', path, message]);
  });

  it('that fetches lists is not covered where properties are asked for in turns', () => {
    const query_properties = { type: 'QueryProperties', property_list: ['a'] };
    const asking = requester('/orders', { request_parameters: { fields: query_properties } });
    expect(problem(manifest(expander(), { requester: asking }))).toEqual([
      'MANIFEST_UNSUPPORTED',
      '',
      'RecordExpander.truncated_list_retriever is not covered here: the requester asks for query properties',
    ]);
  });
});
