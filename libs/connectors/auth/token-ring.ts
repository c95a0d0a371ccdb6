import { SluiceError } from '../../errors/index.js';

/** What a token may still do of one kind of call; `remaining` null: the provider does not say. */
export interface Quota {
  remaining: number | null;
  /** ms since the epoch. */
  resetsAt: number;
}
/** By the pool's name. */
export type Quotas = ReadonlyMap<string, Quota>;

/**
 * Several tokens of the same rights, used one after the other: the one in use until its pool is empty, then the next. Counts are of this
 * process; another one's calls show when the quotas are read again, which happens once a window has ended.
 */
export class TokenRing {
  private quotas: Promise<Quotas[]> | null = null;
  private readonly inUse = new Map<string, number>();

  constructor(private readonly tokens: readonly string[]) {}

  /**
   * The token for one more call. `pool` null: calls of this kind are not counted; `load` asks the provider for a token's quotas. Throws
   * RATE_LIMITED until the first pool is full again.
   */
  async take({
    pool,
    nowMs,
    load,
  }: {
    pool: string | null;
    nowMs: number;
    load: (token: string) => Promise<Quotas>;
  }): Promise<string> {
    const quotas = await this.known(load);
    const found = this.pick(quotas, pool);
    if (found !== undefined) return found;
    const resets = quotas.map((one) => one.get(pool ?? '')?.resetsAt ?? 0);
    if (Math.min(...resets) <= nowMs) {
      this.quotas = null;
      const again = this.pick(await this.known(load), pool);
      if (again !== undefined) return again;
    }
    throw new SluiceError('RATE_LIMITED', {
      detail: `the quotas of all ${this.tokens.length} tokens are used up`,
      retryAt: Math.max(Math.min(...resets), nowMs + 1_000),
    });
  }

  private pick(quotas: readonly Quotas[], pool: string | null): string | undefined {
    const from = this.inUse.get(pool ?? '') ?? 0;
    for (let step = 0; step < this.tokens.length; step++) {
      const index = (from + step) % this.tokens.length;
      const quota = pool === null ? undefined : quotas[index]?.get(pool);
      if (quota !== undefined && quota.remaining !== null) {
        if (quota.remaining <= 0) continue;
        quota.remaining -= 1;
      }
      this.inUse.set(pool ?? '', index);
      return this.tokens[index];
    }
    return undefined;
  }

  private async known(load: (token: string) => Promise<Quotas>): Promise<Quotas[]> {
    this.quotas ??= Promise.all(this.tokens.map(load));
    try {
      return await this.quotas;
    } catch (error) {
      this.quotas = null;
      throw error;
    }
  }
}
