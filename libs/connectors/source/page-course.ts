import type { Position } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import type { Highest } from '../cursors/cursor.js';
import type { PageSignal } from '../errors/page-signal.js';
import { scopeOf, type Environment, type SliceSpec } from './environment.js';
import { countReset, PLAIN_RESET } from './page-reset.policy.js';
import { afterPage, fullPages, smallerPage, type PageSizeState } from './page-size-reduction.policy.js';
import type { PageToken } from '../paginators/pagination-strategy.js';
import { formatPosition, type ReadPosition } from './read-position.js';
import type { StreamModel } from './stream-model.js';
import { windowOf, type WindowPart } from './window-parts.js';

/** A window that is still refused after so many splits is not refused for its size. */
const MAX_SPLITS = 10;

/**
 * Which page of a slice comes next: the token, the page size, and the part of the window. The source may refuse pages as too large or windows as
 * too long, or take back its tokens; then the course changes.
 */
export class PageCourse {
  token: PageToken | null;
  private size: PageSizeState;
  private parts: readonly WindowPart[] | null;
  private done = false;
  /** Since the pages were last asked for from their beginning. */
  private records = 0;
  private unchangedResets = 0;

  constructor(
    private readonly model: StreamModel,
    private readonly environment: Environment,
    private readonly whole: SliceSpec,
    start: ReadPosition,
  ) {
    this.size = fullPages(start.pageSize);
    this.parts = start.parts;
    this.token = start.token ?? this.first();
  }

  get pageSize(): number | null {
    return this.size.size;
  }

  /** The slice as it is asked for now. */
  get slice(): SliceSpec {
    const [part] = this.parts ?? [];
    const { window } = this.whole;
    return part === undefined || window === null ? this.whole : { ...this.whole, window: windowOf(window, part) };
  }

  /** The manifest bounds the records between two resets. */
  get limited(): boolean {
    return this.reset.limit !== null;
  }

  /** Nothing but the pages themselves decides what follows. */
  get isStraight(): boolean {
    const { pageSizeReduction, windowSplitting, paginationReset, requester, job } = this.model.retriever;
    return (
      [pageSizeReduction, windowSplitting, paginationReset, job].every((part) => part === undefined) &&
      requester.properties === null &&
      this.parts === null
    );
  }

  /** After a page; `next` null: none follows in this part of the slice. Returns whether anything follows. */
  advance(next: PageToken | null, page: { records: number; highest: string | null }): boolean {
    const { pageSizeReduction } = this.model.retriever;
    if (pageSizeReduction !== undefined) this.size = afterPage(this.size, pageSizeReduction);
    this.records += page.records;
    if (this.reset.limit !== null && this.records >= this.reset.limit) {
      this.restart(page.highest);
      return true;
    }
    this.token = next;
    if (next === null) this.nextPart();
    return !this.done;
  }

  /** Nothing more follows in this part, and the page does not count (IGNORE). */
  leavePart(): boolean {
    this.token = null;
    this.nextPart();
    return !this.done;
  }

  /** Changes the course as the error handler asks for; returns the wait before it in ms. Throws where that is impossible. */
  react(signal: PageSignal, highest: string | null): number {
    const { action } = signal;
    switch (action) {
      case 'RESET_PAGINATION':
        this.restart(highest);
        return 0;
      case 'REDUCE_PAGE_SIZE': {
        const { paginator, pageSizeReduction: reduction } = this.model.retriever;
        if (reduction === undefined) throw signal;
        const configured = paginator.pageSize(this.scope());
        const { state, waitMs } = smallerPage(this.size, { reduction, configured, stream: this.model.name });
        this.size = state;
        return waitMs;
      }
      case 'SPLIT_REQUEST_WINDOW':
        this.split(signal);
        return 0;
      default: {
        const never: never = action;
        throw new Error(`unknown action ${String(never)}`);
      }
    }
  }

  position(highest: Highest): Position {
    return formatPosition({ token: this.token, done: this.done, highest, pageSize: this.size.size, parts: this.parts });
  }

  private get reset() {
    return this.model.retriever.paginationReset ?? PLAIN_RESET;
  }

  private nextPart(): void {
    const rest = this.parts?.slice(1) ?? [];
    this.done = rest.length === 0;
    if (this.done) return;
    this.begin(rest);
  }

  private begin(parts: readonly WindowPart[]): void {
    this.parts = parts;
    this.size = fullPages(null);
    this.records = 0;
    this.unchangedResets = 0;
    this.token = this.first();
  }

  private restart(highest: string | null): void {
    const { window } = this.slice;
    const byCursor = this.reset.byCursor && this.model.cursor !== null && window !== null;
    const start = byCursor ? (highest ?? window.start) : null;
    const changed = start !== null && start !== window?.start;
    this.unchangedResets = countReset(this.unchangedResets, { changed, byCursor, stream: this.model.name });
    if (start !== null && window !== null) {
      const [{ depth } = { depth: 0 }, ...rest] = this.parts ?? [];
      this.parts = [{ start, end: window.end, depth }, ...rest];
    }
    this.records = 0;
    this.token = this.first();
  }

  private split(signal: PageSignal): void {
    const { cursor, retriever } = this.model;
    const { window } = this.slice;
    const splitting = retriever.windowSplitting;
    if (splitting === undefined || cursor?.halves === undefined || window === null) throw signal;
    const [{ depth } = { depth: 0 }, ...rest] = this.parts ?? [];
    const halves = depth >= MAX_SPLITS ? null : cursor.halves(window, splitting.minimum, this.scope());
    if (halves === null)
      throw new SluiceError('SOURCE_SERVER_ERROR', {
        detail: [`stream ${this.model.name}: the source refuses even the shortest window of time`, splitting.failureMessage]
          .filter((words) => words !== null)
          .join('. '),
        details: { stream: this.model.name, failure_type: 'transient_error' },
        cause: signal,
      });
    this.begin([...halves.map(([start, end]) => ({ start, end, depth: depth + 1 })), ...rest]);
  }

  private first(): PageToken | null {
    return this.model.retriever.paginator.first(this.scope());
  }

  private scope() {
    return scopeOf(this.environment.config, this.environment.now(), this.slice);
  }
}
