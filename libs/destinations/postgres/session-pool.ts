import { refuseTransactionPooler } from './check.js';
import { Session, type SessionOptions } from './session.js';
import { SessionStore } from './session-store.js';

/** Sessions of one opened destination. A session that is handed out belongs to its taker alone until it comes back whole. */
export class SessionPool {
  private readonly taken = new Set<Session>();
  private readonly writers = new Set<Session>();
  private readonly store: SessionStore;
  private closed = false;
  private verified: Promise<void> | undefined;

  /** `shared`: keeps idle sessions for others of this process; absent: they end with the pool. */
  constructor(
    private readonly options: SessionOptions,
    private readonly shared?: SessionStore,
  ) {
    this.store = shared ?? new SessionStore();
  }

  async take(): Promise<Session> {
    const session = this.store.take(this.options) ?? (await this.connect());
    if (this.closed) await session.end();
    this.taken.add(session);
    return session;
  }

  /** A session to load with; they are counted. Waits for a place. Errors: DESTINATION_BUSY. */
  async takeWriter(): Promise<Session> {
    await this.store.enter(this.options, 'first');
    return this.asWriter();
  }

  /** A writer's second session, where there is room for it. */
  async takeSecondWriter(): Promise<Session | undefined> {
    return (await this.store.enter(this.options, 'second')) ? this.asWriter() : undefined;
  }

  /** Gives a session back, outside a transaction; a broken one is ended. */
  async give(session: Session): Promise<void> {
    this.taken.delete(session);
    if (this.writers.delete(session)) this.store.leave(this.options);
    if (this.closed && !this.shared) session.broken = true;
    await this.store.give(this.options, session);
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
    await Promise.all([...this.taken].map((session) => session.end()));
    for (const session of [...this.writers]) {
      this.writers.delete(session);
      this.store.leave(this.options);
    }
    this.taken.clear();
    if (!this.shared) await this.store.close();
  }

  private async asWriter(): Promise<Session> {
    try {
      const session = await this.take();
      this.writers.add(session);
      return session;
    } catch (error) {
      this.store.leave(this.options);
      throw error;
    }
  }

  private async connect(): Promise<Session> {
    const session = await Session.connect(this.options);
    if (session.throughPooler) await this.verify(session);
    return session;
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
}
