import type { Position } from '../contracts/stream.js';
import type { Page } from '../contracts/source.port.js';
import { rowsOf } from './page.js';

export interface ChunkLimits {
  /** Default 20,000: fewer cost a commit each, more gain nothing. */
  rows: number;
  /** As received. Default 8 MiB. */
  bytes: number;
  /** Since the chunk's first page, so that a slow source commits too. Default 5,000. */
  ms: number;
}

/** Decides where a chunk ends: at a position that the source gave, once the chunk is large or old enough. Pure: the clock is an argument. */
export class ChunkCutter {
  private rows = 0;
  private bytes = 0;
  private openedAt = 0;
  private end: Position | null = null;

  constructor(private readonly limits: ChunkLimits) {}

  add(page: Page, nowMs: number): void {
    if (this.isEmpty) this.openedAt = nowMs;
    this.rows += rowsOf(page);
    this.bytes += page.bytes;
    this.end = page.position;
  }

  /** Where the chunk may end now; null: it is empty, or the last page has no position. */
  get position(): Position | null {
    return this.isEmpty ? null : this.end;
  }

  get isEmpty(): boolean {
    return this.openedAt === 0;
  }

  isDue(nowMs: number): boolean {
    if (this.position === null) return false;
    return this.rows >= this.limits.rows || this.bytes >= this.limits.bytes || nowMs - this.openedAt >= this.limits.ms;
  }

  /** How long the next page may be waited for, in milliseconds; Infinity when there is nothing to commit. */
  patienceMs(nowMs: number): number {
    return this.position === null ? Infinity : Math.max(0, this.openedAt + this.limits.ms - nowMs);
  }

  reset(): void {
    this.rows = this.bytes = this.openedAt = 0;
    this.end = null;
  }
}
