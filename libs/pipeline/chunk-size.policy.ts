import type { CommittedChunk } from '../contracts/destination.port.js';

export interface ChunkLimits {
  /** The most records of a chunk, but for a page that has more. Default 80,000. */
  rows: number;
  /** The same in bytes, as received. Default 32 MiB. */
  bytes: number;
  /** Since the chunk's first page, so that a slow source commits too. Default 5,000. */
  ms: number;
}

/**
 * A shorter commit is mostly what every commit costs (round trips, the sync to disk), and larger chunks have fewer of them; a longer one holds
 * its locks for long, and more has to be read again where it fails. Between them the size makes no difference worth having.
 */
const SHORT_MS = 50;
const LONG_MS = 2_000;
/** A quarter of the limits: 20,000 rows, with which a local server is at its best. */
const FIRST_SHIFT = 2;
/** After a failure, which may be that a chunk was too much for the destination: 5,000 rows. */
const CAUTIOUS_SHIFT = 4;
/** 1,250 rows: smaller ones cost more than they help. */
const LAST_SHIFT = 6;

/**
 * Fits the size of chunks to what the destination takes in good time. The size doubles while full chunks are committed quickly, and is halved when one
 * takes long. It decides when a chunk ends, never where: that is a position of the source, and whoever goes on from a checkpoint may use any other size.
 */
export class ChunkSizer {
  private shift: number;
  private judged: CommittedChunk | undefined;

  /** `failures`: of the mover, since its last commit. */
  constructor(
    private readonly most: ChunkLimits,
    { failures = 0 }: { failures?: number } = {},
  ) {
    this.shift = failures > 0 ? CAUTIOUS_SHIFT : FIRST_SHIFT;
  }

  /** The limits for chunks from now on. */
  get limits(): ChunkLimits {
    const { rows, bytes, ms } = this.most;
    return { rows: scaled(rows, this.shift), bytes: scaled(bytes, this.shift), ms };
  }

  /** What the writer says of its last commit, as often as one likes. */
  observe(commit: CommittedChunk | undefined): void {
    if (commit === undefined || commit === this.judged) return;
    this.judged = commit;
    const { rows, bytes } = this.limits;
    const full = commit.rows >= rows || commit.bytes >= bytes;
    if (full && commit.ms < SHORT_MS && this.shift > 0) this.shift -= 1;
    // One that was cut before the size was last halved says nothing of the size now.
    const outdated = commit.rows >= 2 * rows || commit.bytes >= 2 * bytes;
    if (!outdated && commit.ms > LONG_MS && this.shift < LAST_SHIFT) this.shift += 1;
  }
}

const scaled = (most: number, shift: number): number => Math.max(1, Math.floor(most / 2 ** shift));
