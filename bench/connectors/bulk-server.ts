import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const FIRST_TIME = Date.UTC(2024, 0, 1);
const STEP_MS = 7 * 60_000;

/** About 300 bytes as JSON. */
const record = (id: number) => ({
  id,
  name: `item-${String(id).padStart(7, '0')}`,
  email: `user${String(id).padStart(7, '0')}@example.com`,
  active: id % 3 === 0,
  amount: Math.round(id * 137) / 100,
  updated_at: `${new Date(FIRST_TIME + id * STEP_MS).toISOString().slice(0, 19)}Z`,
  address: { street: `${id} Main Street`, city: 'Springfield', zip: String(id % 99_999).padStart(5, '0') },
  tags: ['alpha', 'beta', `t${id % 17}`],
  note: 'x'.repeat(40),
  parent_id: null,
});

export interface BulkServer {
  url: string;
  close: () => void;
}

/** `GET /bulk?page=1&per_page=1000` on a free port of 127.0.0.1. Pages are rendered before the first request, so that it is not the server that is measured. */
export async function startBulkServer({ rows, pageSize }: { rows: number; pageSize: number }): Promise<BulkServer> {
  const pages: Buffer[] = [];
  for (let first = 0; first < rows; first += pageSize) {
    const ids = Array.from({ length: Math.min(pageSize, rows - first) }, (_, index) => first + index);
    pages.push(Buffer.from(JSON.stringify({ data: ids.map(record) })));
  }
  const empty = Buffer.from('{"data":[]}');
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const size = Number(searchParams.get('per_page') ?? pageSize);
    const body = size === pageSize ? (pages[Number(searchParams.get('page') ?? 1) - 1] ?? empty) : empty;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
