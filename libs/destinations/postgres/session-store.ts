import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors/index.js';
import type { Session, SessionOptions } from './session.js';

/** Idle sessions of one destination that are kept: two a mover is what a worker uses at once. */
const MOST_IDLE = 8;
/** A window of a run goes on with the sessions of the one before; after so long nobody does. */
const IDLE_MS = 10_000;
/** Whoever holds a session gives it back at the end of its window at the latest, and that is 60 s long. */
const PATIENCE_MS = 90_000;

interface Shelf {
  idle: { session: Session; expires: NodeJS.Timeout }[];
  /** Writers at work. */
  writers: number;
  /** In order of their coming. */
  waiting: (() => void)[];
}

/** What the windows of one process share: idle sessions, and how many writers a destination bears. By destination and credentials. */
export class SessionStore {
  private readonly shelves = new Map<string, Shelf>();

  /** An idle session; undefined: there is none. */
  take(options: SessionOptions): Session | undefined {
    const { idle } = this.shelf(options);
    for (let kept = idle.pop(); kept; kept = idle.pop()) {
      clearTimeout(kept.expires);
      if (kept.session.broken) continue;
      kept.session.keepProcess(true);
      return kept.session;
    }
    return undefined;
  }

  /** Keeps a session for the next one, or ends it. It must be outside a transaction. */
  async give(options: SessionOptions, session: Session): Promise<void> {
    const { idle } = this.shelf(options);
    if (session.broken || idle.length >= MOST_IDLE) return session.end();
    const expires = setTimeout(() => {
      const place = idle.findIndex((kept) => kept.session === session);
      if (place >= 0) idle.splice(place, 1);
      void session.end();
    }, IDLE_MS);
    expires.unref();
    session.keepProcess(false);
    idle.push({ session, expires });
  }

  /**
   * Waits until one writer more may work. `second`: a writer's second session only makes it faster, so it is had only where no more than
   * half of all are in use, and never waited for. Returns whether there is a place. Errors: DESTINATION_BUSY after 90 s.
   */
  async enter(options: SessionOptions, which: 'first' | 'second'): Promise<boolean> {
    const shelf = this.shelf(options);
    const most = options.config.max_connections;
    if (which === 'second' && (shelf.writers >= most / 2 || shelf.waiting.length > 0)) return false;
    if (shelf.writers < most && shelf.waiting.length === 0) {
      shelf.writers += 1;
      return true;
    }
    await new Promise<void>((admit, refuse) => {
      const patience = setTimeout(() => {
        shelf.waiting.splice(shelf.waiting.indexOf(admitted), 1);
        const detail = `all ${most} connections that this worker may load with are in use (max_connections)`;
        refuse(new SluiceError('DESTINATION_BUSY', { detail }));
      }, PATIENCE_MS);
      const admitted = (): void => {
        clearTimeout(patience);
        admit();
      };
      shelf.waiting.push(admitted);
    });
    return true;
  }

  /** Gives a place back: the first who waits has it. */
  leave(options: SessionOptions): void {
    const shelf = this.shelf(options);
    const next = shelf.waiting.shift();
    if (next) next();
    else shelf.writers -= 1;
  }

  /** Ends all idle sessions. */
  async close(): Promise<void> {
    const kept = [...this.shelves.values()].flatMap(({ idle }) => idle.splice(0));
    for (const { expires } of kept) clearTimeout(expires);
    await Promise.all(kept.map(({ session }) => session.end()));
  }

  private shelf({ config, timeouts, applicationName }: SessionOptions): Shelf {
    // A digest, so that no password is a key in a heap dump's first lines.
    const key = createHash('sha256')
      .update(JSON.stringify([config, timeouts, applicationName]))
      .digest('base64');
    const shelf = this.shelves.get(key) ?? { idle: [], writers: 0, waiting: [] };
    this.shelves.set(key, shelf);
    return shelf;
  }
}
