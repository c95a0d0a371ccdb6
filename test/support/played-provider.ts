import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../libs/contracts/json.js';

/** An API on this machine that has effects, on a free port. It closes no connection by itself: that would be a mishap that no test asked for. */
export abstract class PlayedProvider {
  private readonly server = createServer({ keepAliveTimeout: 0 }, (request, response) => void this.serve(request, response));

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  protected async listen(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return this;
  }

  protected abstract handle(request: IncomingMessage, response: ServerResponse, body: string): void;

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    this.handle(request, response, Buffer.concat(pieces).toString());
  }
}

/** The manifest of an API with one stream, whose requester its actions use too. `base_url` is in its configuration. */
export const providerManifest = (
  name: string,
  { path, requester = {}, secrets = {} }: { path: string; requester?: JsonObject; secrets?: JsonObject },
) => ({
  version: '6.1.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: [name] },
  definitions: { requester: { type: 'HttpRequester', url_base: "{{ config['base_url'] }}", ...requester } },
  streams: [
    {
      type: 'DeclarativeStream',
      name,
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
      retriever: {
        type: 'SimpleRetriever',
        requester: { $ref: '#/definitions/requester', path },
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
      },
    },
  ],
  spec: {
    type: 'Spec',
    connection_specification: {
      type: 'object',
      required: ['base_url', ...Object.keys(secrets)],
      properties: { base_url: { type: 'string' }, ...secrets },
    },
  },
});
