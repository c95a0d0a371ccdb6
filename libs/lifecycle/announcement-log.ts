import { Beside } from '../beside/index.js';
import type { Announcement, Announcements } from '../contracts/announcement.port.js';
import { storeRetirementAnnounced } from '../events/index.js';
import type { SecretBox } from '../secrets/index.js';
import { inTransaction, putAnnouncement, type Pool } from '../store/index.js';

/** How old `last_seen_at` may be. */
const SEEN_EVERY_MS = 60_000;
/** So many operations are remembered at most; then all are told anew. */
const MOST_KNOWN = 5_000;

export interface AnnouncementLogOptions {
  pool: Pool;
  secrets: SecretBox;
  /** Told of what could not be stored: the next answer that says the same tries again. */
  onError: (error: unknown) => void;
  nowMs?: () => number;
}

/** Stores what providers announce: each operation's newest word, once a minute while it is repeated, and one event for each announcement of a connector. */
export class AnnouncementLog implements Announcements {
  /** When an operation's word was written, and what it was. */
  private readonly known = new Map<string, { word: string; atMs: number }>();
  private readonly writes: Beside;
  private readonly nowMs: () => number;

  constructor(private readonly options: AnnouncementLogOptions) {
    this.writes = new Beside(options.onError);
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  heard(announcement: Announcement): void {
    const { caller, operation, deprecatedAt, sunsetAt, deprecationLink, sunsetLink } = announcement;
    const key = `${caller.connectionId}/${operation.kind}/${operation.name}`;
    const word = [deprecatedAt?.getTime(), sunsetAt?.getTime(), deprecationLink, sunsetLink].join(' ');
    const atMs = this.nowMs();
    const known = this.known.get(key);
    if (known?.word === word && atMs - known.atMs < SEEN_EVERY_MS) return;
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(key, { word, atMs });
    this.writes.take(this.store(announcement), { failed: () => this.known.delete(key) });
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.writes.settled();
  }

  private store(announcement: Announcement): Promise<void> {
    return inTransaction(this.options.pool, async (tx) => {
      await putAnnouncement(tx, announcement);
      await storeRetirementAnnounced(tx, this.options.secrets, announcement);
    });
  }
}
