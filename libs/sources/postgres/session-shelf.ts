import type { EgressCheck, PgSession } from '../../postgres/index.js';
import type { PostgresSourceConfig } from './config.schema.js';
import { connectSource } from './source-session.js';

/** Sessions of one opened source: the one that is done is kept for the next taker. */
export class SessionShelf {
  private readonly idle: PgSession[] = [];
  private readonly taken = new Set<PgSession>();
  private closed = false;

  constructor(
    private readonly config: PostgresSourceConfig,
    private readonly egress: EgressCheck | undefined,
  ) {}

  async take(): Promise<PgSession> {
    for (let session = this.idle.pop(); session; session = this.idle.pop())
      if (!session.broken) {
        this.taken.add(session);
        return session;
      }
    const session = await connectSource(this.config, this.egress);
    this.taken.add(session);
    return session;
  }

  /** `clean`: it is outside a transaction. */
  async give(session: PgSession, { clean }: { clean: boolean }): Promise<void> {
    this.taken.delete(session);
    if (!clean || session.broken || this.closed) await session.end();
    else this.idle.push(session);
  }

  async with<T>(work: (session: PgSession) => Promise<T>): Promise<T> {
    const session = await this.take();
    let clean = false;
    try {
      const result = await work(session);
      clean = true;
      return result;
    } finally {
      await this.give(session, { clean });
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const session of this.taken) session.broken = true;
    await Promise.all([...this.idle.splice(0), ...this.taken].map((session) => session.end()));
  }
}
