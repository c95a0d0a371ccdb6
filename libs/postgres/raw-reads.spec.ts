import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { RawSocket, takeRawReads } from './raw-reads.js';

const open: { end(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.end();
});

/** A connected pair. */
async function pair<S extends Socket>(client: S): Promise<{ client: S; far: Socket }> {
  const server: Server = createServer();
  open.push({ end: () => void server.close() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const far = new Promise<Socket>((resolve) => server.once('connection', resolve));
  client.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const pairs = { client, far: await far };
  open.push({ end: () => void pairs.client.destroy() }, { end: () => void pairs.far.destroy() });
  return pairs;
}

/** Texts of what listeners got, kept as the buffers that they were given. */
function listen(socket: Socket): { buffers: Buffer[]; upTo: (bytes: number) => Promise<string> } {
  const buffers: Buffer[] = [];
  let heard = (): void => undefined;
  socket.on('data', (chunk) => {
    buffers.push(chunk);
    heard();
  });
  const upTo = async (bytes: number): Promise<string> => {
    while (Buffer.concat(buffers).length < bytes) await new Promise<void>((resolve) => (heard = resolve));
    return Buffer.concat(buffers).toString();
  };
  return { buffers, upTo };
}

describe.each([
  ['a socket that reads into one buffer', () => new RawSocket()],
  ['any other socket', () => new Socket()],
])('%s', (_, make) => {
  it('gives listeners what they may keep, and raw reads to who takes them, until they are handed back', async () => {
    const { client, far } = await pair(make());
    const heard = listen(client);
    far.write('one');
    expect(await heard.upTo(3)).toBe('one');
    far.write('two');
    expect(await heard.upTo(6)).toBe('onetwo');

    const raw: string[] = [];
    let taken = (): void => undefined;
    const handBack = takeRawReads(client, (chunk) => {
      raw.push(chunk.toString());
      taken();
    });
    const three = new Promise<void>((resolve) => (taken = resolve));
    far.write('three');
    await three;
    expect(raw).toEqual(['three']);
    handBack();
    far.write('four');
    expect(await heard.upTo(10)).toBe('onetwofour');
  });

  it('a reader that pauses it makes the other end wait', async () => {
    const { client, far } = await pair(make());
    let bytes = 0;
    let woken = (): void => undefined;
    const handBack = takeRawReads(client, (chunk) => {
      bytes += chunk.length;
      client.pause();
      woken();
    });
    const first = new Promise<void>((resolve) => (woken = resolve));
    const everything = 64 * 1024 * 1024;
    far.write(Buffer.alloc(everything));
    await first;
    // What the other end could not send yet it still has.
    expect(bytes).toBeLessThan(everything);
    expect(far.writableLength).toBeGreaterThan(0);
    const done = new Promise<void>((resolve) => {
      woken = () => (bytes === everything ? resolve() : setImmediate(() => client.resume()));
    });
    client.resume();
    await done;
    handBack();
    expect(bytes).toBe(everything);
  });
});
