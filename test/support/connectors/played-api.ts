import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionOutcome } from '../../../libs/contracts/action.port.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import {
  budgetAccountOf,
  compileSluice,
  compileManifestText,
  createDeclarativeActions,
  createDeclarativeSource,
  parseSluiceFile,
} from '../../../libs/connectors/index.js';
import { createMemoryVault } from '../../../libs/connectors/auth/memory-vault.js';
import { Egress, EgressAllowList } from '../../../libs/egress/index.js';
import { freeGate, syncAll } from '../../integration/connectors/support.js';

export interface PlayedRequest {
  method: string;
  path: string;
  /** Decoded. */
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
}
export interface PlayedAnswer {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** A provider's API on this machine, and the connector that ships for it, on the real engine. */
export interface PlayedApi {
  requests: PlayedRequest[];
  /** Answers that come before the provider's own, one a request. */
  before: PlayedAnswer[];
  /** Records of a stream, all of which are read from the beginning. */
  read(stream: string): Promise<Record<string, unknown>[]>;
  call(action: string, input: JsonObject): Promise<ActionOutcome>;
  lookup(action: string, input: JsonObject): Promise<{ result: string } | null>;
  close(): Promise<void>;
}

export const KEY = 'run-1';
const NOW = '2026-03-01T00:00:00.000Z';

/** `answer` plays what the documentation says; `config` without `base_url`. */
export async function playApi(
  connector: string,
  config: JsonObject,
  answer: (request: PlayedRequest) => PlayedAnswer,
): Promise<PlayedApi> {
  const requests: PlayedRequest[] = [];
  const before: PlayedAnswer[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x');
      const played: PlayedRequest = {
        ...{ method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams) },
        ...{ headers: request.headers, body: Buffer.concat(pieces).toString() },
      };
      requests.push(played);
      const { status = 200, headers = {}, body } = before.shift() ?? answer(played);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { model, document } = compileManifestText(readFileSync(`connectors/${connector}/manifest.yaml`, 'utf8'));
  const manifest = document as JsonObject;
  const text = readFileSync(`connectors/${connector}/sluice.yaml`, 'utf8');
  const file = parseSluiceFile(text, (tree) => compileSluice(manifest, tree));
  const whole: JsonObject = { ...config, base_url: `http://${host}` };
  const egress = new Egress({ allow: EgressAllowList.parse(host), gate: freeGate, version: '0' });
  const account = budgetAccountOf({ model, config: whole, workspaceId: 'w' });
  const http = egress.client({ account, class: 'interactive' });
  const source = createDeclarativeSource({ model, config: whole, http });
  const actions = createDeclarativeActions({
    ...{ model, actions: compileSluice(manifest, file).actions, config: whole, http, credentials: createMemoryVault() },
  });
  const { signal } = new AbortController();
  return {
    requests,
    before,
    read: async (stream) => (await syncAll(source, stream, null, NOW)).records,
    call: (action, input) => actions.call({ action, input, key: KEY, signal, admitted: async () => undefined }),
    lookup: (action, input) => actions.lookup({ action, input, key: KEY, signal }),
    async close() {
      await source.close();
      await actions.close();
      await egress.close();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The page of `all` behind the record with this id; null: the first. */
export function pageAfter<T extends { id: unknown }>(all: readonly T[], after: string | null, size: number) {
  const from = after === null ? 0 : all.findIndex(({ id }) => String(id) === after) + 1;
  const page = all.slice(from, from + size);
  return { page, hasMore: from + size < all.length };
}

/** `count` records with ids and a time each. */
export const recordsWith = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index + 1));
