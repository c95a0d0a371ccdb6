/**
 * Buffers that are used again. What is allocated outside the heap hurries V8's garbage collector, which then marks the whole heap every few dozen megabytes
 * that pass through: of a worker that copies 250 MB/s it took half of its time.
 */
export class BufferPool {
  private readonly free: Buffer[] = [];

  /** Holds `most` buffers for who comes next; what is given back beyond them is left to the collector. Default 16. */
  constructor(private readonly most = 16) {}

  /** Of at least `bytes`, with anything in it. */
  take(bytes: number): Buffer {
    for (let buffer = this.free.pop(); buffer !== undefined; buffer = this.free.pop()) if (buffer.length >= bytes) return buffer;
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Takes a buffer back, whole, that nobody reads any more. What is never given back is collected as any. */
  give(buffer: Buffer): void {
    if (this.free.length < this.most) this.free.push(buffer);
  }
}
