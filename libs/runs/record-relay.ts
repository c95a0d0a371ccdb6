import { randomUUID } from 'node:crypto';
import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import { storeRecordEvents } from '../events/index.js';
import { pause } from '../pause/index.js';
import { RelayLoop, type RelayLog } from '../relay/index.js';
import type { SecretBox } from '../secrets/index.js';
import {
  claimRecordFeed,
  closeRecordFeed,
  countWaitingDeliveries,
  getInstallationId,
  getSync,
  hasActiveRun,
  releaseRecordFeed,
  type Pool,
  type SyncRow,
} from '../store/index.js';

export interface RecordRelayOptions {
  pool: Pool;
  secrets: SecretBox;
  opener: Pick<ConnectionOpener, 'openDestination'>;
  /** Told once when changes cannot be taken over, and once when they can be again. */
  log: RelayLog;
}

/** Changes that are in memory at once, and in one transaction of the inbox. */
const BATCH = 100;
/** While flows have so many deliveries before them, changes wait at the destination: webhooks are not to stand behind a million records. */
const MOST_WAITING = 1_000;
/** For so long a relay that died keeps a sync. One that is slower than this only meets what is in the inbox already. */
const LEASE_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
/** After a failure: the destination is away. */
const TRY_EVERY_MS = 10_000;
/** A batch is followed by a rest as long as it took, up to this: the control plane is others' too. */
const LONGEST_REST_MS = 500;

/**
 * Takes the changes of records from the outboxes of destinations to the inbox. Every worker has one; a sync is looked at by one at a time. A change is
 * removed when it is stored, and known by its id when it is met again: whoever dies between the two, each is one event.
 */
export class RecordRelay {
  private readonly holder = randomUUID();
  private readonly loop: RelayLoop;

  constructor(private readonly options: RecordRelayOptions) {
    const words = {
      trouble: 'changes of records wait: they could not be taken over',
      over: 'changes of records are taken over again',
    };
    this.loop = new RelayLoop({ pass: () => this.pass(), everyMs: LOOK_EVERY_MS, log: options.log, words });
  }

  start(): void {
    this.loop.start();
  }

  /** Resolves when what it does is done. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Whether there was something to look at. */
  private async pass(): Promise<boolean> {
    const { pool } = this.options;
    const { holder } = this;
    const feed = await claimRecordFeed(pool, { holder, leaseMs: LEASE_MS });
    if (feed === null) return false;
    const { syncId } = feed;
    try {
      // Before the look: what a run that ends now has written is seen by it.
      const active = await hasActiveRun(pool, { syncId });
      const sync = await getSync(pool, { id: syncId });
      const outcome = sync === null || sync.deletedAt !== null ? 'empty' : await this.drain(sync);
      if (outcome === 'empty' && !active) await closeRecordFeed(pool, { syncId, holder });
      else await releaseRecordFeed(pool, { syncId, holder, afterMs: outcome === 'more' ? 0 : LOOK_EVERY_MS });
      this.loop.settle(undefined);
      return true;
    } catch (error) {
      await releaseRecordFeed(pool, { syncId, holder, afterMs: TRY_EVERY_MS });
      throw error;
    }
  }

  /** One sync does not keep the others waiting: after half of its lease it stands behind them. */
  private async drain(sync: SyncRow): Promise<'empty' | 'more' | 'held'> {
    const { pool, opener } = this.options;
    const { workspaceId, destinationId, id: syncId } = sync;
    const destination = await opener.openDestination({ workspaceId, connectionId: destinationId });
    try {
      const { outbox } = destination;
      if (outbox === undefined) return 'empty';
      const installation = await getInstallationId(pool);
      for (const until = performance.now() + LEASE_MS / 2; performance.now() < until;) {
        if (this.loop.signal.aborted) return 'more';
        const begun = performance.now();
        if ((await countWaitingDeliveries(pool, { most: MOST_WAITING })) >= MOST_WAITING) return 'held';
        const changes = await outbox.read({ installation, syncId, limit: BATCH });
        if (changes.length === 0) return 'empty';
        await storeRecordEvents(this.options, { sync, changes });
        await outbox.remove({ ids: changes.map(({ id }) => id) });
        await pause(Math.min(LONGEST_REST_MS, performance.now() - begun), this.loop.signal).catch(() => undefined);
      }
      return 'more';
    } finally {
      await destination.close();
    }
  }
}
