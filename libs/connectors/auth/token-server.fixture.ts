import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { Source } from '../../contracts/source.port.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { Egress, EgressAllowList } from '../../egress/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { createDeclarativeSource } from '../declarative-source.js';
import { NOW_MS } from './auth-world.fixture.js';

export interface Asked {
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: string;
  /** The body as a form. */
  form: Record<string, string>;
}
export interface Told {
  status?: number;
  body?: JsonValue | string;
}

/** A provider: what its paths answer is up to the test, which also sees what came in. */
export async function startProvider(answers: Record<string, (asked: Asked, count: number) => Told>) {
  const asked: Asked[] = [];
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://local');
      const body = Buffer.concat(chunks).toString();
      const entry: Asked = {
        ...{ path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers },
        ...{ body, form: Object.fromEntries(new URLSearchParams(body)) },
      };
      asked.push(entry);
      const count = asked.filter(({ path }) => path === entry.path).length;
      const { status = 200, body: told = {} } = answers[url.pathname]?.(entry, count) ?? { status: 404 };
      answer.writeHead(status, { 'content-type': 'application/json' });
      answer.end(typeof told === 'string' ? told : JSON.stringify(told));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const to = (path: string): Asked[] => asked.filter((one) => one.path === path);
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { host, url: `http://${host}`, asked, to, close };
}
export type Provider = Awaited<ReturnType<typeof startProvider>>;

/** A source with one stream, `items` at /items, of pages while there are `more`, with this authenticator. The clock moves only by `clock.ms`. */
export function sourceWith(
  provider: Pick<Provider, 'url' | 'host'>,
  authenticator: JsonObject,
  options: { config?: JsonObject; credentials?: CredentialVault; errorHandler?: JsonObject; secrets?: readonly string[] } = {},
) {
  const { config = {}, credentials, errorHandler, secrets = [] } = options;
  const manifest = {
    version: '6.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['items'] },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 'items', schema_loader: { type: 'InlineSchemaLoader', schema: {} } },
        retriever: {
          type: 'SimpleRetriever',
          requester: {
            ...{ type: 'HttpRequester', url_base: provider.url, path: '/items', authenticator },
            ...(errorHandler === undefined ? {} : { error_handler: errorHandler }),
          },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
          paginator: {
            type: 'DefaultPaginator',
            page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
            pagination_strategy: {
              ...{
                type: 'CursorPagination',
                cursor_value: "{{ response['more'] }}",
                stop_condition: "{{ not response['more'] }}",
              },
            },
          },
        },
      },
    ],
    spec: {
      type: 'Spec',
      connection_specification: {
        type: 'object',
        properties: Object.fromEntries(secrets.map((name) => [name, { type: 'string', airbyte_secret: true }])),
      },
    },
  };
  const egress = new Egress({
    ...{ allow: EgressAllowList.parse(provider.host), version: '0' },
    gate: { acquire: async () => ({ settle: async () => undefined }) },
  });
  const account = { workspaceId: 'w', host: provider.host, account: provider.host, limits: [] };
  const clock = { ms: NOW_MS };
  const source = createDeclarativeSource({
    ...{ model: compileManifestText(JSON.stringify(manifest)).model, config },
    ...{ http: egress.client({ account, class: 'batch' }), now: () => clock.ms },
    ...(credentials === undefined ? {} : { credentials }),
  });
  const close = async (): Promise<void> => {
    await source.close();
    await egress.close();
  };
  return { source, clock, close, read: (onPage?: () => void) => readItems(source, onPage) };
}

async function readItems(source: Source, onPage: () => void = () => undefined): Promise<SourceRecord[]> {
  const now = new Date(NOW_MS).toISOString();
  const records: SourceRecord[] = [];
  const { slices } = await source.slices({ stream: 'items', state: null, now, incremental: false, after: null });
  for (const slice of slices)
    for await (const page of source.read({ stream: 'items', slice, position: null, signal: new AbortController().signal })) {
      records.push(...page.records);
      onPage();
    }
  return records;
}
