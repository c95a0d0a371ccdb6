import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The path at which the rows are. */
export const ROWS_PATH = '/rows';

export interface PageServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** `host:port` */
  readonly host: string;
  /** Which content of the rows is served from now on: 0, 1, … */
  revision: number;
  close(): void;
}

/**
 * `GET /rows?limit=&offset=` or `?limit=&cursor=` on a free port of 127.0.0.1 → `{"data": […], "next_cursor": …}`. All pages have the size that they
 * were rendered in, before the first request, so that it is not the server that is measured; another limit is answered with 400.
 */
export async function startPageServer(request: {
  rows: number;
  pageRows: number;
  /** Contents that there are of each row. Default 1. */
  revisions?: number;
  /** The row with this id, from 1 on. */
  record: (id: number, revision: number) => unknown;
}): Promise<PageServer> {
  const { rows, pageRows, revisions = 1, record } = request;
  const contents = Array.from({ length: revisions }, (_, revision) => {
    const pages: Buffer[] = [];
    for (let first = 0; first < rows; first += pageRows) {
      const ids = Array.from({ length: Math.min(pageRows, rows - first) }, (_, index) => first + index + 1);
      const next = first + pageRows < rows ? String(first + pageRows) : null;
      pages.push(Buffer.from(JSON.stringify({ data: ids.map((id) => record(id, revision)), next_cursor: next })));
    }
    return pages;
  });
  const empty = Buffer.from('{"data":[],"next_cursor":null}');
  const served = { revision: 0 };
  const server = createServer((incoming, response) => {
    const offset = offsetOf(incoming, pageRows);
    const body = offset === null ? Buffer.from('{}') : (contents[served.revision]?.[offset / pageRows] ?? empty);
    const head = { 'content-type': 'application/json', 'content-length': body.length };
    response.writeHead(offset === null ? 400 : 200, head).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(served, {
    ...{ url: `http://${host}`, host },
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}

function offsetOf({ url = '/' }: IncomingMessage, pageRows: number): number | null {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const offset = Number(searchParams.get('cursor') ?? searchParams.get('offset') ?? 0);
  const fits = Number(searchParams.get('limit')) === pageRows && Number.isInteger(offset / pageRows);
  return pathname === ROWS_PATH && fits ? offset : null;
}

/** A connector for a page server: one stream `rows`, with the key `id` and the cursor `updated_at`, of which every run reads all. */
export const pageServerManifest = ({ url, pageRows, schema }: { url: string; pageRows: number; schema: object }) => ({
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['rows'] },
  streams: [
    {
      type: 'DeclarativeStream',
      name: 'rows',
      primary_key: ['id'],
      retriever: {
        type: 'SimpleRetriever',
        requester: { type: 'HttpRequester', url_base: url, path: ROWS_PATH },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
        paginator: {
          type: 'DefaultPaginator',
          page_size_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'limit' },
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'cursor' },
          pagination_strategy: {
            ...{ type: 'CursorPagination', page_size: pageRows, cursor_value: '{{ response.next_cursor }}' },
            stop_condition: '{{ response.next_cursor is none }}',
          },
        },
      },
      // The server is not told where to begin.
      incremental_sync: {
        ...{ type: 'DatetimeBasedCursor', cursor_field: 'updated_at', datetime_format: '%Y-%m-%dT%H:%M:%SZ' },
        start_datetime: '2020-01-01T00:00:00Z',
      },
      schema_loader: { type: 'InlineSchemaLoader', schema },
    },
  ],
  spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
});
