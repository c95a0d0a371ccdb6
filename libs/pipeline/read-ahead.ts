import type { Page } from '../contracts/source.port.js';

/** What waits between reader and loader at most: enough to overlap them, little enough to keep memory flat. */
const DEPTH_PAGES = 2;

export type Next = { kind: 'page'; page: Page } | { kind: 'end' } | { kind: 'stopped' } | { kind: 'nothing_yet' };

/** Reads pages while the loader is busy. The pages read before an error or a stop are handed out before it. */
export class ReadAhead {
  private readonly queue: Page[] = [];
  private ending: { kind: 'end' | 'stopped' } | { kind: 'failed'; error: unknown } | undefined;
  private wakeReader: (() => void) | undefined;
  private wakeLoader: (() => void) | undefined;
  private readonly pump: Promise<void>;

  /** `signal` is the one that the source was given: an error after it aborted is taken for the stop that was asked for. */
  constructor(
    pages: AsyncIterable<Page>,
    private readonly signal: AbortSignal,
  ) {
    this.pump = this.read(pages).then(
      (kind) => this.finish({ kind }),
      (error: unknown) => this.finish(signal.aborted ? { kind: 'stopped' } : { kind: 'failed', error }),
    );
  }

  /** The next page; `nothing_yet` after `patienceMs`. Throws what the source threw. */
  async next(patienceMs: number): Promise<Next> {
    if (this.queue.length === 0 && this.ending === undefined) await this.somethingNew(patienceMs);
    const page = this.queue.shift();
    if (page !== undefined) {
      this.wakeReader?.();
      return { kind: 'page', page };
    }
    if (this.ending === undefined) return { kind: 'nothing_yet' };
    if (this.ending.kind === 'failed') throw this.ending.error;
    return this.ending;
  }

  /** Resolves when the source has let go. Abort `signal` before. */
  async closed(): Promise<void> {
    this.wakeReader?.();
    await this.pump;
  }

  private async read(pages: AsyncIterable<Page>): Promise<'end' | 'stopped'> {
    for await (const page of pages) {
      this.queue.push(page);
      this.wakeLoader?.();
      while (this.queue.length >= DEPTH_PAGES && !this.signal.aborted)
        await new Promise<void>((wake) => (this.wakeReader = wake));
      if (this.signal.aborted) return 'stopped';
    }
    return 'end';
  }

  private finish(ending: NonNullable<typeof this.ending>): void {
    this.ending = ending;
    this.wakeLoader?.();
  }

  private async somethingNew(patienceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((wake) => {
      this.wakeLoader = wake;
      if (Number.isFinite(patienceMs)) timer = setTimeout(wake, patienceMs);
    });
    clearTimeout(timer);
    this.wakeLoader = undefined;
  }
}
