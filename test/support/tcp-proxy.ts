import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP relay that misbehaves on demand. */
export interface TcpProxy {
  port: number;
  /** Nothing passes any more, in the directions named, and nobody is told: a frozen process, or a network that swallows packets. */
  freeze(directions?: { requests?: boolean; answers?: boolean }): void;
  /** Freezes the answers once so many more bytes of them have passed; resolves then. Connections that are made later are not held back. */
  freezeAfter(bytes: number): Promise<void>;
  /** What was held back passes. */
  thaw(): void;
  /** Both sides see their connection reset. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  let left = Infinity;
  let frozen: () => void = () => undefined;
  const freeze: TcpProxy['freeze'] = ({ requests = true, answers = true } = {}) => {
    for (const { client, server } of pairs) {
      if (requests) client.unpipe(server).pause();
      if (answers) server.unpipe(client).pause();
    }
  };
  const relay = createServer((client) => {
    const server = connect(target);
    const pair = { client, server };
    pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    server.on('data', (chunk: Buffer) => {
      if (left === Infinity || (left -= chunk.length) > 0) return;
      left = Infinity;
      freeze({ requests: false });
      frozen();
    });
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    freeze,
    freezeAfter: (bytes) =>
      new Promise((resolve) => {
        frozen = resolve;
        left = bytes;
      }),
    thaw() {
      for (const { client, server } of pairs) {
        client.pipe(server);
        server.pipe(client);
      }
    },
    cut() {
      for (const { client, server } of pairs) {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const { client } of pairs) client.destroy();
        relay.close(() => resolve());
      }),
  };
}
