import type { SecretBox } from '../secrets/index.js';
import { insertEvents, isStoreUnavailable, type Db, type InsertedEvent, type NewEvent } from '../store/index.js';
import { newEvent, type IncomingEvent, type StoredEvent } from './store-event.js';

/** Statements under way at once: what comes meanwhile goes together in the next one. */
const AT_ONCE = 2;
/** Of one statement. */
const MOST_EVENTS = 64;
const MOST_BYTES = 4 * 1_024 * 1_024;

interface Waiting {
  event: NewEvent;
  done: (stored: InsertedEvent) => void;
  failed: (error: unknown) => void;
}

/**
 * Stores events of providers, which wait for it: alone where few come, together where many do, so that a burst costs a commit for many of them rather than one each. Nothing
 * waits for company.
 */
export class EventIntake {
  private waiting: Waiting[] = [];
  private underWay = 0;

  /** `db`: whose statements are transactions each. */
  constructor(
    private readonly db: Db,
    private readonly secrets: SecretBox,
  ) {}

  /** Resolves when the event is committed. Throws what the database throws. Not for the system's own events: no webhook endpoint is told of these. */
  store(incoming: IncomingEvent): Promise<StoredEvent> {
    const event = newEvent(this.secrets, incoming);
    return new Promise((done, failed) => {
      this.waiting.push({ event, done, failed });
      this.begin();
    });
  }

  private begin(): void {
    while (this.underWay < AT_ONCE && this.waiting.length > 0) {
      this.underWay += 1;
      void this.storeAll(this.take()).finally(() => {
        this.underWay -= 1;
        this.begin();
      });
    }
  }

  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { event } of this.waiting) {
      bytes += event.body.length;
      if (count > 0 && (bytes > MOST_BYTES || count === MOST_EVENTS)) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  /** Never throws. */
  private async storeAll(batch: readonly Waiting[]): Promise<void> {
    try {
      const stored = await insertEvents(
        this.db,
        batch.map(({ event }) => event),
      );
      batch.forEach(({ done }, index) => done(stored[index] as InsertedEvent));
    } catch (error) {
      // Of many none was stored because of one: each is tried alone, and only that one is refused.
      if (batch.length > 1 && !isStoreUnavailable(error)) for (const one of batch) await this.storeAll([one]);
      else for (const { failed } of batch) failed(error);
    }
  }
}
