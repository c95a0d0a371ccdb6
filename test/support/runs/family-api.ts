import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../libs/contracts/json.js';

const PARENTS_PER_PAGE = 500;
export const CHILDREN = 2;
const DAY = (n: number): string => `2024-03-${String(n).padStart(2, '0')}T00:00:00Z`;

/** An API with parents and children of each, and a manifest that reads it: one partition a parent. */
export class FamilyApi {
  /** Requests for children so far. */
  asked = 0;
  /** Of these: for what is new only. */
  askedSince = 0;
  /** Children of parents above this one are refused. */
  refusedAbove = Infinity;

  private constructor(
    private readonly server: Server,
    readonly target: string,
  ) {}

  static async start(parents: number): Promise<FamilyApi> {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const api = new FamilyApi(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://api');
      response.setHeader('content-type', 'application/json');
      if (Number(pathname.split('/').at(-1)) > api.refusedAbove) response.statusCode = 403;
      response.end(
        JSON.stringify({ data: pathname === '/parents' ? page(parents, searchParams) : api.children(pathname, searchParams) }),
      );
    });
    return api;
  }

  get manifest(): JsonObject {
    const requester = (path: string) => ({ type: 'HttpRequester', url_base: `http://${this.target}`, path, http_method: 'GET' });
    const selector = { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } };
    const schema = {
      type: 'InlineSchemaLoader',
      schema: { type: 'object', properties: { id: { type: 'integer' }, parent: { type: 'integer' }, at: { type: 'string' } } },
    };
    const parents = {
      type: 'DeclarativeStream',
      name: 'parents',
      primary_key: 'id',
      schema_loader: schema,
      retriever: {
        type: 'SimpleRetriever',
        requester: requester('parents'),
        record_selector: selector,
        paginator: {
          type: 'DefaultPaginator',
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
          pagination_strategy: { type: 'PageIncrement', page_size: PARENTS_PER_PAGE },
        },
      },
    };
    const children = {
      type: 'DeclarativeStream',
      name: 'children',
      primary_key: 'id',
      schema_loader: schema,
      retriever: {
        type: 'SimpleRetriever',
        requester: requester('children/{{ stream_partition.parent }}'),
        record_selector: selector,
        partition_router: {
          type: 'SubstreamPartitionRouter',
          parent_stream_configs: [{ type: 'ParentStreamConfig', parent_key: 'id', partition_field: 'parent', stream: parents }],
        },
      },
      incremental_sync: {
        type: 'DatetimeBasedCursor',
        cursor_field: 'at',
        datetime_format: '%Y-%m-%dT%H:%M:%SZ',
        start_datetime: '2024-01-01T00:00:00Z',
        start_time_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'since' },
      },
    };
    return {
      version: '7.0.0',
      type: 'DeclarativeSource',
      check: { type: 'CheckStream', stream_names: ['children'] },
      streams: [children],
      spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
    };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((closed) => this.server.close(() => closed()));
  }

  private children(pathname: string, search: URLSearchParams): object[] {
    const parent = Number(pathname.split('/').at(-1));
    this.asked += 1;
    if ((search.get('since') ?? '') >= '2024-03') this.askedSince += 1;
    const all = Array.from({ length: CHILDREN }, (_, n) => ({
      id: parent * CHILDREN + n,
      parent,
      at: DAY(1 + ((parent + n) % 28)),
    }));
    return all.filter(({ at }) => at >= (search.get('since') ?? ''));
  }
}

function page(parents: number, search: URLSearchParams): object[] {
  const from = Number(search.get('page') ?? 0) * PARENTS_PER_PAGE;
  return Array.from({ length: Math.max(0, Math.min(PARENTS_PER_PAGE, parents - from)) }, (_, n) => ({ id: from + n + 1 }));
}
