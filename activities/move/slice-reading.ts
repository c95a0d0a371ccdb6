import type { SliceWriter } from '../../libs/contracts/destination.port.js';
import type { CopyTarget } from '../../libs/contracts/source.port.js';
import type { Position, Slice } from '../../libs/contracts/stream.js';
import { ChunkCutter, ReadAhead, type ChunkSizer, type Next } from '../../libs/pipeline/index.js';
import type { ChunkMoverRequest } from './mover-request.js';

/** Requests under way at once for one slice; fewer where the account's budget or what the provider bears allows fewer. */
const PAGES_AHEAD = 8;

/** One uninterrupted reading of a slice, from one position. */
export class SliceReading {
  /** After the last page that was written and had one. */
  position: Position | null;
  /** No page was written yet. */
  untouched = true;
  /** The last page written had a position: reading may go on from there. */
  atPosition = true;
  /** What was thrown came from the source. */
  sourceFailed = false;
  private readonly slice: Slice;
  private readonly stop = new AbortController();
  private readonly sizer: ChunkSizer;
  private readonly cutter: ChunkCutter;
  private readonly pages: ReadAhead;
  private readonly onDrain = () => this.stop.abort(new Error('draining'));
  private readonly onWindow = () => (this.rereads ? (this.late = true) : this.onDrain());
  private readonly windowTimer: NodeJS.Timeout | undefined;
  /** The window is over, but who goes on from here would receive again what was read: the next better place is waited for. */
  private late = false;
  private rereads = false;

  constructor(
    private readonly request: ChunkMoverRequest,
    private readonly writer: SliceWriter,
    {
      slice,
      from,
      accept,
      json = false,
      lines = false,
      sizer,
      snapshot,
    }: {
      slice: Slice;
      from: Position | null;
      accept?: CopyTarget | undefined;
      json?: boolean;
      lines?: boolean;
      sizer: ChunkSizer;
      snapshot?: string | undefined;
    },
  ) {
    this.slice = slice;
    const { source, ref, target, drain, deadline } = request;
    this.position = from;
    this.sizer = sizer;
    this.cutter = new ChunkCutter(sizer);
    // A slice that cannot be resumed would start again in every window: it is read to its end, however long that takes.
    if (target.resume === 'exact') this.windowTimer = setTimeout(this.onWindow, Math.max(0, deadline - Date.now()));
    drain.addEventListener('abort', this.onDrain);
    if (drain.aborted) this.onDrain();
    const { signal } = this.stop;
    this.pages = new ReadAhead(
      source.read({
        stream: ref.stream,
        slice,
        position: from,
        signal,
        json,
        lines,
        pagesAhead: PAGES_AHEAD,
        ...(accept && { accept }),
        ...(snapshot !== undefined && { snapshot }),
      }),
      signal,
    );
  }

  /** Throws what source or writer threw; what was read before the source failed is handed to commit first. */
  async run(): Promise<{ status: 'completed' | 'more' | 'drained' }> {
    for (;;) {
      const next = await this.nextPage();
      switch (next.kind) {
        case 'page':
          await this.writer.write(next.page);
          this.request.onPage?.(next.page);
          if (next.page.warnings !== undefined) await this.request.warn(next.page.warnings);
          this.untouched = false;
          this.cutter.add(next.page, Date.now());
          this.atPosition = next.page.position !== null;
          if (next.page.position !== null) this.position = next.page.position;
          this.rereads = next.page.rereads === true;
          if (this.late && !this.rereads) this.onDrain();
          if (this.cutter.isDue(Date.now())) await this.commit();
          break;
        case 'nothing_yet':
          await this.commit();
          break;
        case 'stopped':
          await this.commit();
          return { status: this.request.drain.aborted ? 'drained' : 'more' };
        case 'end':
          await this.complete();
          return { status: 'completed' };
      }
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.windowTimer);
    this.request.drain.removeEventListener('abort', this.onDrain);
    this.stop.abort(new Error('the slice is left'));
    await this.pages.closed();
  }

  private async nextPage(): Promise<Next> {
    try {
      return await this.pages.next(this.cutter.patienceMs(Date.now()));
    } catch (error) {
      this.sourceFailed = true;
      // What was read before the source failed is kept.
      await this.commit();
      throw error;
    }
  }

  private async commit(): Promise<void> {
    const { position } = this.cutter;
    if (position === null) return;
    await this.writer.commit(position);
    this.sizer.observe(this.writer.lastCommit);
    this.cutter.reset();
  }

  private async complete(): Promise<void> {
    const { source, ref } = this.request;
    const { slice, position } = this;
    // What grows with the number of partitions is not written with each of them.
    const own = slice.partition !== '';
    await this.writer.complete(position, own ? null : (state) => source.complete({ stream: ref.stream, slice, position, state }));
  }
}
