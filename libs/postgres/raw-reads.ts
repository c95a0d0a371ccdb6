import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** What the kernel hands over at a time at most. */
const READ_BYTES = 64 * 1024;

/** A socket that reads into one buffer again and again. Who takes its raw reads has to have done with one when the call returns; listeners get copies. */
export class RawSocket extends Socket {
  raw: ((chunk: Buffer) => void) | undefined;

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const onread: OnReadOpts = {
      buffer,
      callback: (bytes) => {
        this.deliver(buffer.subarray(0, bytes));
        return true;
      },
    };
    super({ onread } as SocketConstructorOpts); // known to Node, not to its types
  }

  private deliver(chunk: Buffer): void {
    if (this.raw) this.raw(chunk);
    else this.emit('data', Buffer.from(chunk));
  }
}

/**
 * Gives what arrives on the connection of a driver to `take` instead of to the driver, until the function that is returned is called. A chunk is valid only
 * during the call: the next one may come in the same memory.
 */
export function takeRawReads(stream: Socket, take: (chunk: Buffer) => void): () => void {
  if (stream instanceof RawSocket) {
    stream.raw = take;
    return () => (stream.raw = undefined);
  }
  const driver = stream.listeners('data') as ((chunk: Buffer) => void)[];
  stream.removeAllListeners('data');
  stream.on('data', take);
  return () => {
    stream.removeListener('data', take);
    for (const listener of driver) stream.on('data', listener);
  };
}
