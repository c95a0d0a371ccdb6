import type { PageToken } from '../paginators/pagination-strategy.js';

/** What pages under way may hold together. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * How many pages may be under way after one came: twice as many while the reader waits for the source longer than the source for the reader, so where latency
 * is what takes the time; never more than `most`, nor than fit into memory. Pure.
 */
export function windowAfter(window: number, page: { waitedMs: number; workedMs: number; bytes: number; most: number }): number {
  const room = Math.max(1, Math.floor(MAX_BYTES / Math.max(1, page.bytes)));
  const wanted = page.waitedMs > page.workedMs ? window * 2 : window;
  return Math.max(1, Math.min(wanted, page.most, room));
}

/**
 * Pages that are asked for before the ones before them told that they follow: only where a page's token can be foreseen, and in order. A page that turns out
 * not to follow is given up. So what is read never changes; at most a window of requests is in vain, behind the end.
 */
export class PagesAhead<Page> {
  private window = 1;
  private readonly queue: { token: PageToken; page: Page }[] = [];
  private giveUp = new AbortController();

  /** `foresee`: the token after one, if the page at that one is full; null: it cannot be told. */
  constructor(
    private readonly foresee: (token: PageToken | null) => PageToken | null,
    private readonly start: (token: PageToken, signal: AbortSignal) => Page,
    private readonly most: number,
  ) {}

  /** The page at this token, if it is under way. Anything else that is is given up. */
  take(token: PageToken | null): Page | null {
    const first = this.queue.shift();
    if (first === undefined) return null;
    if (first.token === token) return first.page;
    this.abandon();
    return null;
  }

  /** Starts what may follow the page at this token. */
  fill(token: PageToken | null): void {
    let last = this.queue.at(-1)?.token ?? token;
    while (this.queue.length + 1 < this.window) {
      const next = this.foresee(last);
      if (next === null) return;
      this.queue.push({ token: next, page: this.start(next, this.giveUp.signal) });
      last = next;
    }
  }

  cameAfter(page: { waitedMs: number; workedMs: number; bytes: number }): void {
    this.window = windowAfter(this.window, { ...page, most: this.most });
  }

  abandon(): void {
    this.queue.length = 0;
    this.giveUp.abort(new Error('the page does not follow'));
    this.giveUp = new AbortController();
  }
}
