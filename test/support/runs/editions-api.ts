import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../libs/contracts/json.js';

const PAGE = 100;
export const ROWS = 450;

/** An API of several editions, each at an address of its own, and a manifest for each: its records say which one they are of. */
export class EditionsApi {
  /** The editions of the requests so far. */
  readonly asked: string[] = [];
  private held: { until: Promise<void>; release: () => void; reached: () => void } | null = null;

  private constructor(
    private readonly server: Server,
    readonly target: string,
  ) {}

  static async start(): Promise<EditionsApi> {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const api = new EditionsApi(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', ({ url = '/' }, response) => {
      void api.page(new URL(url, 'http://api')).then((body) => {
        response.setHeader('content-type', 'application/json');
        response.end(body);
      });
    });
    return api;
  }

  private async page({ pathname, searchParams }: URL): Promise<string> {
    const edition = pathname.split('/').at(-1) ?? '';
    const page = Number(searchParams.get('page') ?? 0);
    this.asked.push(edition);
    // In the middle: a part of the records has been read.
    if (page === 2 && this.held !== null) {
      this.held.reached();
      await this.held.until;
    }
    const ids = Array.from({ length: Math.max(0, Math.min(PAGE, ROWS - page * PAGE)) }, (_, n) => page * PAGE + n);
    return JSON.stringify({ data: ids.map((id) => ({ id, colour: 'blue' })) });
  }

  /** Holds requests in the middle of a read back; resolves when one has come. */
  hold(): Promise<void> {
    let release = (): void => undefined;
    const until = new Promise<void>((done) => (release = done));
    return new Promise((reached) => (this.held = { until, release, reached }));
  }

  release(): void {
    this.held?.release();
    this.held = null;
  }

  /** The edition A has no `colour`. */
  manifest(edition: string, stream = 'things'): JsonObject {
    const properties = { id: { type: 'integer' }, edition: { type: 'string' } };
    return {
      ...{ version: '6.0.0', type: 'DeclarativeSource', check: { type: 'CheckStream', stream_names: [stream] } },
      streams: [
        {
          ...{ type: 'DeclarativeStream', name: stream, primary_key: 'id' },
          retriever: {
            type: 'SimpleRetriever',
            requester: { type: 'HttpRequester', url_base: `http://${this.target}`, path: `editions/${edition}` },
            record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
            paginator: {
              type: 'DefaultPaginator',
              page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'page' },
              pagination_strategy: { type: 'PageIncrement', page_size: PAGE },
            },
          },
          transformations: [{ type: 'AddFields', fields: [{ path: ['edition'], value: edition }] }],
          schema_loader: {
            type: 'InlineSchemaLoader',
            schema: {
              type: 'object',
              properties: edition === 'A' ? properties : { ...properties, colour: { type: 'string' } },
            },
          },
        },
      ],
      spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
    };
  }

  async stop(): Promise<void> {
    this.release();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
