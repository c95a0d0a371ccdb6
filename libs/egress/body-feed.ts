/** So much waits for a slow reader at most, beside what the socket holds. */
const ENOUGH_BYTES = 256 * 1024;

/** A body on its way: pieces wait for one reader, and the socket waits for the reader too. */
export class BodyFeed implements AsyncIterable<Buffer> {
  /** Resolves when nothing more comes, for whatever reason. Never rejects. */
  readonly closed: Promise<void>;
  /** Bytes that arrived up to now. */
  received = 0;
  private readonly waiting: Buffer[] = [];
  private size = 0;
  private ending: { error: unknown } | 'end' | undefined;
  private wake: (() => void) | undefined;
  private close: () => void = () => {};

  constructor(private readonly socket: { pause(): void; resume(): void; abort(reason: Error): void }) {
    this.closed = new Promise((resolve) => (this.close = resolve));
  }

  push(piece: Buffer): void {
    this.waiting.push(piece);
    this.size += piece.length;
    this.received += piece.length;
    if (this.size > ENOUGH_BYTES) this.socket.pause();
    this.wake?.();
  }

  end(): void {
    this.finish('end');
  }

  fail(error: unknown): void {
    this.finish({ error });
  }

  /** Nobody reads it any more. */
  discard(): void {
    if (this.ending !== undefined) return;
    const reason = new Error('the body is left');
    this.finish({ error: reason });
    this.socket.abort(reason);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const piece = this.waiting.shift();
        if (piece !== undefined) {
          this.size -= piece.length;
          if (this.size <= ENOUGH_BYTES / 2 && this.ending === undefined) this.socket.resume();
          yield piece;
        } else if (this.ending === undefined) await new Promise<void>((wake) => (this.wake = wake));
        else if (this.ending === 'end') return;
        else throw this.ending.error;
      }
    } finally {
      this.discard();
    }
  }

  private finish(ending: NonNullable<typeof this.ending>): void {
    this.ending ??= ending;
    this.close();
    this.wake?.();
  }
}
