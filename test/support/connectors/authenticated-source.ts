import type { CredentialVault } from '../../../libs/contracts/credential-vault.port.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Source } from '../../../libs/contracts/source.port.js';
import type { SourceRecord } from '../../../libs/contracts/stream.js';
import { compileManifestText, createDeclarativeSource } from '../../../libs/connectors/index.js';
import { Egress, EgressAllowList } from '../../../libs/egress/index.js';
import { NOW_MS } from './compile-authenticator.js';
import type { Provider } from './token-provider.js';
import { recordsOf } from '../../../libs/pipeline/index.js';

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
      records.push(...recordsOf(page));
      onPage();
    }
  return records;
}
