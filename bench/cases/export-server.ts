import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_SIZES } from '../../apps/demo-shop/entities.js';
import { row } from '../../apps/demo-shop/generator.js';

/** The first `rows` events of a shop that has `events` of them, a line each, at `url` on 127.0.0.1. */
export async function startExport({
  events,
  rows,
}: {
  events: number;
  rows: number;
}): Promise<{ url: string; close: () => void }> {
  const sizes = { ...DEFAULT_SIZES, events };
  const lines = Array.from({ length: rows }, (_, index) => `${JSON.stringify(row('events', index + 1, { sizes }))}\n`);
  const body = Buffer.from(lines.join(''));
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events.jsonl`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
