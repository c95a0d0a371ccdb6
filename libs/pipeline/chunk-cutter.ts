import type { Position } from '../contracts/stream.js';
import type { Page } from '../contracts/source.port.js';
import type { ChunkLimits } from './chunk-size.policy.js';
import { rowsOf } from './page.js';

/** Decides where a chunk ends: at a position that the source gave, once the chunk is large or old enough. Pure: the clock is an argument. */
export class ChunkCutter {
  private rows = 0;
  private bytes = 0;
  private openedAt = 0;
  private end: Position | null = null;

  /** The limits are asked for each time: they may change while a chunk is open. */
  constructor(private readonly size: { readonly limits: ChunkLimits }) {}

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
    const { rows, bytes, ms } = this.size.limits;
    return this.rows >= rows || this.bytes >= bytes || nowMs - this.openedAt >= ms;
  }

  /** How long the next page may be waited for, in milliseconds; Infinity when there is nothing to commit. */
  patienceMs(nowMs: number): number {
    return this.position === null ? Infinity : Math.max(0, this.openedAt + this.size.limits.ms - nowMs);
  }

  reset(): void {
    this.rows = this.bytes = this.openedAt = 0;
    this.end = null;
  }
}
