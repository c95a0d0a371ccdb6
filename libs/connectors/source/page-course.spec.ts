import { describe, expect, it } from '@jest/globals';
import type { HttpClient, HttpRequest } from '../../contracts/http.port.js';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { Position, SourceRecord } from '../../contracts/stream.js';
import type { SluiceError } from '../../errors/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { createDeclarativeSource } from '../declarative-source.js';
import { failureTypeOf } from '../errors/failure.js';
import { recordsOf } from '../../pipeline/index.js';

interface Said {
  status?: number;
  body?: JsonValue;
  headers?: Record<string, string>;
}
type Server = (request: {
  path: string;
  query: Record<string, string>;
  body: string | null;
  headers: Readonly<Record<string, string>>;
}) => Said;

/** A stream of one requester; `parts` are merged into its retriever and stream. Answers come from `server`; nobody really waits. */
async function read(
  parts: { requester?: JsonObject; retriever?: JsonObject; stream?: JsonObject },
  server: Server,
  from: Position | null = null,
) {
  const manifest = {
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['items'] },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 'items', ...parts.stream },
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url_base: 'https://api.test', path: '/items', ...parts.requester },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
          ...parts.retriever,
        },
      },
    ],
    spec: { type: 'Spec', connection_specification: { type: 'object' } },
  };
  const asked: string[] = [];
  const http: HttpClient = {
    async send({ url, body, headers }: HttpRequest) {
      const { pathname, search, searchParams } = new URL(url);
      asked.push(`${pathname}${search}${typeof body === 'string' ? ` ${body}` : ''}`);
      const said = server({
        path: pathname,
        query: Object.fromEntries(searchParams),
        body: typeof body === 'string' ? body : null,
        headers,
      });
      const text = Buffer.from(JSON.stringify(said.body ?? {}));
      return { status: said.status ?? 200, headers: said.headers ?? {}, body: text, url, bytes: text.length };
    },
  };
  const { model } = compileManifestText(JSON.stringify(manifest));
  const source = createDeclarativeSource({
    model,
    config: {},
    http,
    now: () => Date.UTC(2024, 0, 9),
    sleep: async () => undefined,
  });
  const plan = await source.slices({ stream: 'items', state: null, now: '2024-01-09T00:00:00Z', incremental: true, after: null });
  const [records, positions]: [SourceRecord[], Position[]] = [[], []];
  let failure: unknown = null;
  try {
    for (const slice of plan.slices)
      for await (const page of source.read({ stream: 'items', slice, position: from, signal: new AbortController().signal })) {
        records.push(...recordsOf(page));
        if (page.position !== null) positions.push(page.position);
      }
  } catch (error) {
    failure = error;
  }
  return { asked, ids: records.map((record) => record['id']), records, positions, failure: failure as SluiceError | null };
}

const filter = (...filters: JsonObject[]): JsonObject => ({
  error_handler: {
    type: 'DefaultErrorHandler',
    max_retries: 0,
    response_filters: filters.map((one) => ({ type: 'HttpResponseFilter', ...one })),
  },
});
const option = (name: string): JsonObject => ({ type: 'RequestOption', inject_into: 'request_parameter', field_name: name });
const offsets = (size: number): JsonObject => ({
  type: 'DefaultPaginator',
  page_size_option: option('limit'),
  page_token_option: option('offset'),
  pagination_strategy: { type: 'OffsetIncrement', page_size: size },
});
const page = (from: number, count: number, total: number): Said => ({
  body: { data: Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, index) => ({ id: from + index })) },
});

describe('pages that are asked for in another way', () => {
  const reduces = filter({ http_codes: [413], action: 'REDUCE_PAGE_SIZE' });
  const capped: Server = ({ query }) =>
    Number(query['limit']) > 2 ? { status: 413 } : page(Number(query['offset'] ?? 0), Number(query['limit']), 5);

  it('become smaller until the source gives them, and stay so', async () => {
    const retriever = { paginator: offsets(8), page_size_reduction: { type: 'PageSizeReduction' } };
    const { asked, ids, positions } = await read({ requester: reduces, retriever }, capped);
    expect(asked).toEqual([
      '/items?limit=8',
      '/items?limit=4',
      '/items?limit=2',
      '/items?offset=2&limit=2',
      '/items?offset=4&limit=2',
    ]);
    expect(ids).toEqual([0, 1, 2, 3, 4]);
    expect(positions[0]).toEqual({ t: 2, s: 2 });
    const resumed = await read({ requester: reduces, retriever }, capped, positions[0] ?? null);
    expect(resumed.asked).toEqual(['/items?offset=2&limit=2', '/items?offset=4&limit=2']);
  });

  it('are given up, as transient, when the source refuses the smallest', async () => {
    const retriever = { paginator: offsets(4), page_size_reduction: { type: 'PageSizeReduction' } };
    const { asked, failure } = await read({ requester: reduces, retriever }, () => ({ status: 413 }));
    expect(asked).toEqual(['/items?limit=4', '/items?limit=2', '/items?limit=1']);
    expect(failureTypeOf(failure)).toBe('transient_error');
  });

  it('are a mistake of the manifest where it says nothing of smaller ones', async () => {
    const { failure } = await read({ requester: reduces, retriever: { paginator: offsets(4) } }, () => ({ status: 413 }));
    expect(failureTypeOf(failure)).toBe('config_error');
  });

  it('begin anew once when the source takes its tokens back, and fail the second time', async () => {
    let refusals = 1;
    const server: Server = ({ query }) =>
      query['offset'] === '2' && refusals-- > 0 ? { status: 410 } : page(Number(query['offset'] ?? 0), 2, 3);
    const resets = filter({ http_codes: [410], action: 'RESET_PAGINATION' });
    const once = await read({ requester: resets, retriever: { paginator: offsets(2) } }, server);
    expect([once.asked.length, once.ids, once.failure]).toEqual([4, [0, 1, 0, 1, 2], null]);
    refusals = 9;
    const twice = await read({ requester: resets, retriever: { paginator: offsets(2) } }, server);
    expect(failureTypeOf(twice.failure)).toBe('system_error');
  });

  const cursor: JsonObject = {
    incremental_sync: {
      ...{ type: 'DatetimeBasedCursor', cursor_field: 'at', datetime_format: '%Y-%m-%d', cursor_granularity: 'P1D' },
      ...{ start_datetime: '2024-01-01', end_datetime: '2024-01-08', step: 'P30D' },
      ...{ start_time_option: option('from'), end_time_option: option('to') },
    },
  };
  const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;

  it('of a window that is too long are those of its halves', async () => {
    const server: Server = ({ query: { from = '', to = '' } }) =>
      days(from, to) > 2 ? { status: 422 } : { body: { data: [{ id: from, at: from }] } };
    const { asked, ids } = await read(
      {
        requester: filter({ http_codes: [422], action: 'SPLIT_REQUEST_WINDOW' }),
        retriever: { request_window_splitting: { type: 'RequestWindowSplitting' } },
        stream: cursor,
      },
      server,
    );
    expect(asked.map((one) => one.replace('/items?', ''))).toEqual([
      'from=2024-01-01&to=2024-01-08',
      'from=2024-01-01&to=2024-01-04',
      'from=2024-01-01&to=2024-01-02',
      'from=2024-01-03&to=2024-01-04',
      'from=2024-01-05&to=2024-01-08',
      'from=2024-01-05&to=2024-01-06',
      'from=2024-01-07&to=2024-01-08',
    ]);
    expect(ids).toEqual(['2024-01-01', '2024-01-03', '2024-01-05', '2024-01-07']);
  });

  it('go on from the highest value where the manifest bounds them by records', async () => {
    const server: Server = ({ query }) => {
      const first = Number((query['from'] ?? '').slice(-2));
      const all = Array.from({ length: 8 }, (_, day) => day + 1).filter((day) => day >= first);
      const offset = Number(query['offset'] ?? 0);
      return { body: { data: all.slice(offset, offset + 2).map((day) => ({ id: day, at: `2024-01-0${day}` })) } };
    };
    const reset = {
      type: 'PaginationReset',
      action: 'SPLIT_USING_CURSOR',
      limits: { type: 'PaginationResetLimits', number_of_records: 4 },
    };
    const { asked } = await read({ retriever: { paginator: offsets(2), pagination_reset: reset }, stream: cursor }, server);
    expect(asked.map((one) => /from=2024-01-(\d+)/.exec(one)?.[1])).toEqual(['01', '01', '04', '04', '07', '07']);
  });
});

describe('requests', () => {
  it('for more properties than fit into one are several, and their records one', async () => {
    const requester = {
      request_parameters: {
        properties: {
          ...{ type: 'QueryProperties', property_list: ['a', 'b', 'c'], always_include_properties: ['id'] },
          property_chunking: { type: 'PropertyChunking', property_limit_type: 'property_count', property_limit: 2 },
        },
      },
    };
    const server: Server = ({ query }) => ({
      body: {
        data: ['x', 'y'].map((id) => ({
          ...Object.fromEntries((query['properties'] ?? '').split(',').map((name) => [name, 1])),
          id,
        })),
      },
    });
    const { asked, records } = await read({ requester }, server);
    expect(asked.map(decodeURIComponent)).toEqual(['/items?properties=id,a,b', '/items?properties=id,c']);
    expect(records).toEqual(['x', 'y'].map((id) => ({ id, a: 1, b: 1, c: 1 })));
  });

  it.each([
    ['RequestBodyJsonObject', { a: '{{ 1 + 1 }}', b: null }, '{"a":2}', 'application/json'],
    ['RequestBodyGraphQL', { query: 'query { items }' }, '{"query":"query { items }"}', 'application/json'],
    ['RequestBodyUrlEncodedForm', { a: 'x y' }, 'a=x+y', 'application/x-www-form-urlencoded'],
    ['RequestBodyPlainText', 'some text', 'some text', undefined],
  ])('have a body of %s', async (type, value, text, contentType) => {
    const seen: unknown[] = [];
    await read({ requester: { http_method: 'POST', request_body: { type, value } } }, ({ body, headers }) => {
      seen.push(body, headers['Content-Type']);
      return page(0, 1, 1);
    });
    expect(seen).toEqual([text, contentType]);
  });

  it('carry the cookies that earlier answers set', async () => {
    const seen: (string | undefined)[] = [];
    await read({ retriever: { paginator: offsets(1) } }, ({ query, headers }) => {
      seen.push(headers['Cookie']);
      return { ...page(Number(query['offset'] ?? 0), 1, 1), headers: { 'set-cookie': 'session=1; Path=/' } };
    });
    expect(seen).toEqual([undefined, 'session=1']);
  });
});

describe('a stream that fails says who has to act', () => {
  it.each([
    [400, {}, 'system_error', 'SOURCE_REQUEST_REFUSED'],
    [403, {}, 'config_error', 'SOURCE_AUTH_FAILED'],
    [404, {}, 'system_error', 'SOURCE_REQUEST_REFUSED'],
    [503, { http_codes: [418], action: 'FAIL' }, 'transient_error', 'SOURCE_SERVER_ERROR'],
    [429, { http_codes: [418], action: 'FAIL' }, 'transient_error', 'RATE_LIMITED'],
    [418, { http_codes: [418], action: 'FAIL', failure_type: 'config_error' }, 'config_error', 'SOURCE_REQUEST_REFUSED'],
    [
      400,
      { error_message_contains: 'later', action: 'FAIL', failure_type: 'transient_error' },
      'transient_error',
      'SOURCE_SERVER_ERROR',
    ],
    [
      400,
      { predicate: "{{ response.code == 'x' }}", action: 'FAIL', failure_type: 'config_error' },
      'config_error',
      'SOURCE_REQUEST_REFUSED',
    ],
    [400, { http_codes: [400], failure_type: 'config_error' }, 'system_error', 'SOURCE_REQUEST_REFUSED'],
  ])('%d with the filter %j: %s', async (status, one, type, code) => {
    const requester = Object.keys(one).length === 0 ? {} : filter(one);
    const { failure } = await read({ requester }, () => ({ status, body: { message: 'try later', code: 'x' } }));
    expect([failureTypeOf(failure), failure?.code]).toEqual([type, code]);
  });
});

describe('a cursor pagination', () => {
  const byCursor = (cursorValue: string, stopCondition?: string): JsonObject => ({
    paginator: {
      type: 'DefaultPaginator',
      page_token_option: option('after'),
      pagination_strategy: {
        ...{ type: 'CursorPagination', cursor_value: cursorValue },
        ...(stopCondition === undefined ? {} : { stop_condition: stopCondition }),
      },
    },
  });
  const last: Server = () => ({ body: { data: [{ id: 1 }] } });

  it('ends where the answer holds no cursor', async () => {
    const { asked, ids, failure } = await read({ retriever: byCursor('{{ response.paging.next }}') }, () => ({
      body: { data: [{ id: 1 }], paging: {} },
    }));
    expect({ asked, ids, failure }).toEqual({ asked: ['/items'], ids: [1], failure: null });
  });

  it('fails where the cursor lies below a value that the answer lacks, as in Airbyte', async () => {
    const { failure } = await read({ retriever: byCursor('{{ response.paging.next }}') }, last);
    expect(failure).toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
    expect(failure?.message).toContain('cursor_value');
  });

  it('is not asked for its cursor once the stop condition holds', async () => {
    const retriever = byCursor('{{ response.paging.next }}', '{{ not response.paging }}');
    const { ids, failure } = await read({ retriever }, last);
    expect({ ids, failure }).toEqual({ ids: [1], failure: null });
  });
});
