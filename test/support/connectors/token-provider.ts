import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '../../../libs/contracts/json.js';

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
