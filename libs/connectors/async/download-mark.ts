import { createHash, type Hash } from 'node:crypto';
import { SluiceError } from '../../errors/index.js';
import type { JsonObject } from '../../contracts/json.js';
import type { Position } from '../../contracts/stream.js';
import { isObject } from '../manifest/tree.js';

/**
 * A place inside a download: so many values were read of the first bytes (unpacked), and this is the digest of these. No provider's word is
 * needed for it: who goes on downloads again, and compares.
 */
export interface DownloadMark {
  bytes: number;
  values: number;
  /** SHA-256 of the bytes, its first 128 bits, in hex. */
  digest: string;
}

export const withMark = (position: Position, { bytes, values, digest }: DownloadMark): Position => ({
  ...(isObject(position) ? position : {}),
  ...{ b: bytes, n: values, c: digest },
});

export function markOf(position: Position | null): DownloadMark | null {
  const { b, n, c } = isObject(position) ? position : ({} as JsonObject);
  return typeof b === 'number' && typeof n === 'number' && typeof c === 'string' ? { bytes: b, values: n, digest: c } : null;
}

/** Follows the bytes of a download, and finds out whether they begin with those of an earlier one. */
export class MarkedBytes {
  private readonly hash: Hash = createHash('sha256');
  private bytes = 0;
  private settled: boolean;

  constructor(
    private readonly expected: DownloadMark | null,
    private readonly stream: string,
  ) {
    this.settled = expected === null;
  }

  /** These are the bytes that were read before, or there were none. */
  get trusted(): boolean {
    return this.settled;
  }

  /** Errors: POSITION_REFUSED. */
  add(piece: Buffer): void {
    const { expected } = this;
    const left = expected === null || this.settled ? 0 : expected.bytes - this.bytes;
    this.bytes += piece.length;
    if (left === 0 || piece.length < left) return void this.hash.update(piece);
    this.hash.update(piece.subarray(0, left));
    if (this.digest() !== expected?.digest) throw this.refused();
    this.settled = true;
    this.hash.update(piece.subarray(left));
  }

  /** Errors: POSITION_REFUSED where there are fewer bytes than before. */
  end(): void {
    if (!this.settled) throw this.refused();
  }

  mark(values: number): DownloadMark {
    return { bytes: this.bytes, values, digest: this.digest() };
  }

  private digest(): string {
    return this.hash.copy().digest('hex').slice(0, 32);
  }

  private refused(): SluiceError {
    return new SluiceError('POSITION_REFUSED', {
      detail: `stream ${this.stream}: what the source's job made is not what was read of it before`,
      details: { stream: this.stream },
    });
  }
}
