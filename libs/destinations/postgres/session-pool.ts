import { refuseTransactionPooler } from './check.js';
import { Session, type SessionOptions } from './session.js';

/** Idle sessions kept for the next slice: two a mover is what a worker uses at once. */
const MAX_IDLE = 8;

/** Sessions of one destination. A session that is handed out belongs to its taker alone until it comes back whole. */
export class SessionPool {
  private readonly idle: Session[] = [];
  private readonly taken = new Set<Session>();
  private closed = false;
  private verified: Promise<void> | undefined;

  constructor(private readonly options: SessionOptions) {}

  async take(): Promise<Session> {
    for (let session = this.idle.pop(); session; session = this.idle.pop()) {
      if (session.broken) continue;
      this.taken.add(session);
      return session;
    }
    const session = await Session.connect(this.options);
    if (this.closed) await session.end();
    if (session.throughPooler) await this.verify(session);
    this.taken.add(session);
    return session;
  }

  /** Gives a session back, outside a transaction; a broken one is ended. */
  async give(session: Session): Promise<void> {
    this.taken.delete(session);
    if (session.broken || this.closed || this.idle.length >= MAX_IDLE) await session.end();
    else this.idle.push(session);
  }

  /** Something stands between us and the server: once, it is found out whether it lends out sessions by the transaction. */
  private async verify(session: Session): Promise<void> {
    this.verified ??= (async () => {
      const other = await Session.connect(this.options);
      await refuseTransactionPooler(session, other).finally(() => other.end());
    })();
    try {
      await this.verified;
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  /** Takes a session for `work`. */
  async with<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.take();
    try {
      return await work(session);
    } finally {
      await this.give(session);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const session of this.taken) session.broken = true; // its work is not waited for
    await Promise.all([...this.idle.splice(0), ...this.taken].map((session) => session.end()));
    this.taken.clear();
  }
}
