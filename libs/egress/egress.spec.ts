import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { BudgetGate } from '../contracts/budget.port.js';
import type { HttpRequest } from '../contracts/http.port.js';
import { SluiceError } from '../errors/index.js';
import { EgressAllowList } from './allow-list.js';
import { Egress } from './egress.js';
import type { Resolve } from './egress-guard.js';

const account = { workspaceId: 'w', host: 'h', account: 'a', limits: [] };

class RecordingGate implements BudgetGate {
  readonly settled: (number | null)[] = [];
  acquired = 0;
  async acquire() {
    this.acquired++;
    return { settle: async ({ status }: { status: number | null }) => void this.settled.push(status) };
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const servers: Server[] = [];
const egresses: Egress[] = [];

async function serve(handler: Handler): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function open(allow: string, resolve?: Resolve) {
  const gate = new RecordingGate();
  const egress = new Egress({ allow: EgressAllowList.parse(allow), gate, version: '1.2.3', ...(resolve && { resolve }) });
  egresses.push(egress);
  const client = egress.client({ account, class: 'batch' });
  const get = (url: string, more: Partial<HttpRequest> = {}) =>
    client.send({ method: 'GET', url, headers: {}, signal: new AbortController().signal, ...more });
  return { gate, get, egress };
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof SluiceError ? error.code : String(error)),
  );

afterEach(async () => {
  await Promise.all(egresses.splice(0).map((egress) => egress.close()));
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

describe('Egress', () => {
  it('refuses every spelling of a loopback address before any budget is spent', async () => {
    const port = await serve((_request, response) => response.end('secret'));
    const { get, gate } = open('');
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '0',
      '１２７.0.0.1',
    ])
      expect([host, await codeOf(get(`http://${host}:${port}/`))]).toEqual([host, 'EGRESS_REFUSED']);
    expect(await codeOf(get('ftp://example.com/'))).toBe('EGRESS_REFUSED');
    expect(await codeOf(get('http://user:pass@example.com/'))).toBe('EGRESS_REFUSED');
    expect(gate.acquired).toBe(0);
  });

  it('checks the address a name resolves to, at the moment of connecting', async () => {
    const port = await serve((_request, response) => response.end('secret'));
    const rebound: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const { get, gate } = open('', rebound);
    expect(await codeOf(get(`http://public.example:${port}/`))).toBe('EGRESS_REFUSED');
    expect(gate.settled).toEqual([null]);
  });

  it('calls a listed host and port, and nothing else on that host', async () => {
    const port = await serve((request, response) => response.end(request.headers['user-agent']));
    const { get } = open(`127.0.0.1:${port}`);
    const answer = await get(`http://127.0.0.1:${port}/`);
    expect([answer.status, answer.body.toString()]).toEqual([200, 'Sluice/1.2.3']);
    expect(await codeOf(get(`http://127.0.0.1:${port === 65_535 ? 1 : port + 1}/`))).toBe('EGRESS_REFUSED');
  });

  it('checks redirects again and keeps credentials from other origins', async () => {
    const seen: Record<string, unknown>[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers);
      response.end('there');
    });
    const port = await serve((request, response) => {
      const targets: Record<string, string> = {
        '/other': `http://127.0.0.1:${other}/`,
        '/inside': 'http://169.254.169.254/latest',
        '/loop': '/loop',
      };
      response.writeHead(302, { location: targets[request.url ?? ''] ?? '/' }).end();
    });
    const { get, gate } = open(`127.0.0.1:${port},127.0.0.1:${other}`);
    const answer = await get(`http://127.0.0.1:${port}/other`, {
      headers: { authorization: 'Bearer s', 'X-Api-Key': 's', accept: 'text/plain' },
    });
    expect(answer.body.toString()).toBe('there');
    expect(seen[0]).toMatchObject({ accept: 'text/plain' });
    expect(JSON.stringify(seen)).not.toContain('"s"');
    expect(gate.settled).toEqual([302, 200]);
    expect(await codeOf(get(`http://127.0.0.1:${port}/inside`))).toBe('EGRESS_REFUSED');
    expect(await codeOf(get(`http://127.0.0.1:${port}/loop`))).toBe('SOURCE_BAD_RESPONSE');
    const posted = get(`http://127.0.0.1:${port}/other`, { method: 'PUT', body: 'secret' });
    expect(await codeOf(posted)).toBe('EGRESS_REFUSED');
  });

  it('decompresses, and caps what decompression yields', async () => {
    const text = 'x'.repeat(1_000_000);
    const codings: Record<string, [string, Buffer]> = {
      '/gzip': ['gzip', gzipSync(text)],
      '/deflate': ['deflate', deflateSync(text)],
      '/raw': ['deflate', deflateRawSync(text)],
      '/br': ['br', brotliCompressSync(text)],
      '/broken': ['gzip', gzipSync(text).subarray(0, 100)],
      '/plain': ['identity', Buffer.from(text)],
    };
    const port = await serve((request, response) => {
      const [coding, body] = codings[request.url ?? ''] as [string, Buffer];
      response.writeHead(200, { 'content-encoding': coding }).end(body);
    });
    const { get } = open(`127.0.0.1:${port}`);
    for (const path of ['/gzip', '/deflate', '/raw', '/br', '/plain']) {
      expect((await get(`http://127.0.0.1:${port}${path}`)).body.toString()).toBe(text);
      expect(await codeOf(get(`http://127.0.0.1:${port}${path}`, { maxBytes: 999_999 }))).toBe('RESPONSE_TOO_LARGE');
    }
    expect(await codeOf(get(`http://127.0.0.1:${port}/broken`))).toBe('SOURCE_BAD_RESPONSE');
  });

  it('maps timeouts, resets and refused connections, telling neither path nor query', async () => {
    const port = await serve((request, response) => {
      if (request.url?.startsWith('/reset')) request.socket.destroy();
      else if (request.url?.startsWith('/cut')) {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        setTimeout(() => request.socket.destroy(), 20);
      }
    });
    const { get, gate } = open(`127.0.0.1:${port},127.0.0.1:1`);
    expect(await codeOf(get(`http://127.0.0.1:${port}/hang`, { timeoutMs: 1 }))).toBe('SOURCE_TIMEOUT');
    expect(await codeOf(get(`http://127.0.0.1:${port}/cut`))).toBe('SOURCE_UNREACHABLE');
    expect(await codeOf(get('http://127.0.0.1:1/'))).toBe('SOURCE_UNREACHABLE');
    const error = await get(`http://127.0.0.1:${port}/reset-TOPSECRET?key=TOPSECRET`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(JSON.stringify(error) + String(error)).not.toContain('TOPSECRET');
    expect(gate.settled).toEqual([null, null, null, null]);
  });

  it('stops with the reason of its signal', async () => {
    const port = await serve(() => undefined);
    const { get, gate } = open(`127.0.0.1:${port}`);
    const controller = new AbortController();
    const call = get(`http://127.0.0.1:${port}/`, { signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(call).rejects.toThrow('enough');
    expect(gate.settled).toEqual([null]);
  });

  it('returns the checked address for TCP targets', async () => {
    const { egress } = open('127.0.0.1:5432,db.example:5432', async (host) =>
      host === 'public.example'
        ? [
            { address: '10.0.0.1', family: 4 },
            { address: '8.8.8.8', family: 4 },
          ]
        : [{ address: '10.0.0.1', family: 4 }],
    );
    const { guard } = egress;
    expect(await guard.assertHostAllowed({ host: '127.0.0.1', port: 5432 })).toEqual({ address: '127.0.0.1', family: 4 });
    expect(await guard.assertHostAllowed({ host: 'public.example', port: 5432 })).toEqual({ address: '8.8.8.8', family: 4 });
    expect(await guard.assertHostAllowed({ host: 'db.example', port: 5432 })).toEqual({ address: '10.0.0.1', family: 4 });
    expect(await codeOf(guard.assertHostAllowed({ host: '127.0.0.1', port: 5433 }))).toBe('EGRESS_REFUSED');
    expect(await codeOf(guard.assertHostAllowed({ host: 'other.example', port: 5432 }))).toBe('EGRESS_REFUSED');
    expect(await codeOf(guard.assertHostAllowed({ host: '/var/run/postgresql', port: 5432 }))).toBe('EGRESS_REFUSED');
  });

  it('refuses an allow list entry that is no exact host and port', () => {
    for (const entry of ['*', '*:80', 'localhost', '10.0.0.0/8:80', 'host:0', 'http://host:80'])
      expect(() => EgressAllowList.parse(entry)).toThrow(entry);
  });
});

describe('a body in pieces', () => {
  const collect = async (pieces: AsyncIterable<Buffer> | undefined): Promise<Buffer> => {
    const found: Buffer[] = [];
    for await (const piece of pieces ?? []) found.push(piece);
    return Buffer.concat(found);
  };

  it.each([
    ['identity', (body: Buffer) => body],
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('is the body, undone from %s, and the call lasts as long as it', async (coding, pack) => {
    const body = Buffer.from(
      Array.from({ length: 200_000 }, (_, index) => `${Math.imul(index, 2_654_435_761) >>> 0}\n`).join(''),
    );
    const port = await serve((_request, response) => response.writeHead(200, { 'content-encoding': coding }).end(pack(body)));
    const { get, gate } = open(`127.0.0.1:${port}`);
    const answer = await get(`http://127.0.0.1:${port}/`, { piecesAbove: 1_000, maxBytes: 10_000 });
    expect(answer.body).toHaveLength(0);
    expect(gate.settled).toEqual([]);
    expect((await collect(answer.pieces)).equals(body)).toBe(true);
    expect(gate.settled).toEqual([200]);
  });

  it('is given whole where it is small or no success', async () => {
    const port = await serve(({ url }, response) => response.writeHead(url === '/no' ? 500 : 200).end(Buffer.alloc(2_000)));
    const { get } = open(`127.0.0.1:${port}`);
    for (const [path, piecesAbove] of [['/no', 10] as const, ['/', 2_000] as const]) {
      const answer = await get(`http://127.0.0.1:${port}${path}`, { piecesAbove });
      expect([answer.body.length, answer.pieces]).toEqual([2_000, undefined]);
    }
    expect(await codeOf(get(`http://127.0.0.1:${port}/no`, { piecesAbove: 10, maxBytes: 100 }))).toBe('RESPONSE_TOO_LARGE');
  });

  it('waits at the source while nobody reads it, and ends when it is left', async () => {
    let sent = 0;
    let closed = false;
    const port = await serve((_request, response) => {
      const more = (): void => {
        while (!closed && response.write(Buffer.alloc(64 * 1024))) sent += 1;
        response.once('drain', more);
      };
      response.on('close', () => (closed = true));
      more();
    });
    const { get } = open(`127.0.0.1:${port}`);
    const { pieces } = await get(`http://127.0.0.1:${port}/`, { piecesAbove: 1_000 });
    const settled = async (): Promise<number> => {
      for (let before = -1; before !== sent; await new Promise((resolve) => setTimeout(resolve, 200))) before = sent;
      return sent;
    };
    // What the sockets hold; without the wait it would go on for ever.
    expect(await settled()).toBeLessThan(1_000);
    for await (const piece of pieces ?? []) if (piece.length > 0) break;
    while (!closed) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('tells when the connection breaks half-way, and ends with the signal', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      response.write(Buffer.alloc(50_000), () => setTimeout(() => response.destroy(), 20));
    });
    const { get } = open(`127.0.0.1:${port}`);
    const { pieces } = await get(`http://127.0.0.1:${port}/`, { piecesAbove: 1_000 });
    expect(await codeOf(collect(pieces))).toBe('SOURCE_UNREACHABLE');
    const leaving = new AbortController();
    const open2 = await get(`http://127.0.0.1:${port}/`, { piecesAbove: 1_000, signal: leaving.signal });
    leaving.abort(new Error('leave'));
    expect(await codeOf(collect(open2.pieces))).toBe('Error: leave');
  });

  it('is let go where nobody can undo its coding', async () => {
    const port = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'zebra' }).end(Buffer.alloc(4_000_000)),
    );
    const { get, gate } = open(`127.0.0.1:${port}`);
    expect(await codeOf(get(`http://127.0.0.1:${port}/`, { piecesAbove: 1_000 }))).toBe('SOURCE_BAD_RESPONSE');
    expect(gate.settled).toEqual([200]);
  });
});
