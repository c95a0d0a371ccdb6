import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAdmin } from './admin-routes.js';
import { json, refusal } from './answer.js';
import { ShopContext } from './context.js';
import { serveData } from './serve-data.js';
import { send } from './send.js';
import { tokenOf } from './token.js';
import type { ShopOptions } from './options.js';

export interface RunningShop {
  /** `http://127.0.0.1:port`. */
  readonly address: string;
  /** Ends at once: open connections are cut. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1 << 20;

/** Renders the data, listens on 127.0.0.1, and resolves when it answers. */
export async function startShop(options: ShopOptions): Promise<RunningShop> {
  const context = new ShopContext(options);
  await context.shop.prerender();
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    handle(context, request, response).catch((error: unknown) => {
      process.stderr.write(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (response.headersSent) response.destroy();
      else send(response, refusal(500, 'internal', 'the demo shop has a bug; see its log'));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(context: ShopContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  const path = url.pathname;
  if (path === '/shop/health') return send(response, json(200, { status: 'ok' }));
  if (path === '/shop/_redirect') return send(response, redirect(url.searchParams.get('to')));
  if (path !== '/shop/_stats' && !path.startsWith('/shop/_admin/')) {
    const sent = request.method === 'GET' ? '' : await readBody(request);
    if (sent === undefined) return send(response, refusal(413, 'too_large', 'the body is over 1 MiB'));
    return serveData(context, request, response, { url, body: sent });
  }
  if (tokenOf(request, 'x-admin-token') !== context.options.adminToken) {
    return send(response, refusal(401, 'unauthorized', 'this needs the admin token, as X-Admin-Token'));
  }
  const body = await readBody(request);
  if (body === undefined) return send(response, refusal(413, 'too_large', 'the body is over 1 MiB'));
  send(response, answerAdmin(context, { method: request.method ?? 'GET', path, query: url.searchParams, body }));
}

/** Sends a client wherever it is told to: so tests see whether it follows to addresses it must not reach. */
const redirect = (to: string | null) =>
  to === null || !URL.canParse(to)
    ? refusal(400, 'bad_parameter', 'to: expected an absolute URL')
    : json(302, { location: to }, { location: new URL(to).href });

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
