import { setTimeout as delay } from 'node:timers/promises';
import {
  FLOW_PRIORITY,
  FLOW_TASK_QUEUE,
  FLOW_WORKFLOW,
  flowWorkflowId,
  type FlowWorkflowInput,
} from '../contracts/flow-workflow.js';
import { SluiceError } from '../errors/index.js';
import { claimDeliveries, markDeliveriesStarted, releaseDeliveries, type Pool } from '../store/index.js';
import { startOnce, type TemporalClient } from '../temporal/temporal-client.js';
import { DeliveryFeed } from './delivery-feed.js';

export interface DeliveryRelayOptions {
  pool: Pool;
  temporal: TemporalClient;
  /** Told once when deliveries cannot be started, and once when they can be again. */
  log: (level: 'info' | 'warn', message: string, facts: Record<string, string>) => void;
}

const BATCH = 100;
/** Starts under way at once, each followed by a rest as long as it took: a burst of events leaves a slow Temporal, and whoever shares its machine, half of its time. */
const LANES = 4;
const LONGEST_REST_MS = 500;
/** So long what a relay that died had taken waits. One that is slower than this only meets workflows that were started already. */
const CLAIM_MS = 10_000;
/** Between looks when nobody rings. */
const LOOK_EVERY_MS = 1_000;
/** Between tries while Temporal is away. */
const TRY_EVERY_MS = 2_000;

/**
 * Starts a workflow for each delivery. Every worker has one, and each takes others' deliveries when they die: starting one twice is harmless, since a
 * workflow's id is its delivery's. While Temporal is away deliveries stay where they are.
 */
export class DeliveryRelay {
  private readonly feed: DeliveryFeed;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private rung = false;
  private wakeUp: (() => void) | undefined;
  private trouble = false;

  constructor(private readonly options: DeliveryRelayOptions) {
    this.feed = new DeliveryFeed(options.pool, () => this.wake());
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when what it does is done. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeUp?.();
    await this.running;
    await this.feed.close();
  }

  private wake(): void {
    this.rung = true;
    // Whoever is away is not called more often because more is waiting.
    if (!this.trouble) this.wakeUp?.();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.rung = false;
      const more = await this.pass();
      if (!more && !this.rung) await this.rest(this.trouble ? TRY_EVERY_MS : LOOK_EVERY_MS);
      else if (this.trouble) await this.rest(TRY_EVERY_MS);
    }
  }

  /** Whether there may be more at once. Never rejects. */
  private async pass(): Promise<boolean> {
    try {
      await this.feed.check();
      // After trouble one is enough to see whether it is over.
      const limit = this.trouble ? 1 : BATCH;
      const ids = await claimDeliveries(this.options.pool, { limit, claimMs: CLAIM_MS });
      if (ids.length === 0) return false;
      await this.startAll(ids);
      this.settle(undefined);
      return ids.length === limit;
    } catch (error) {
      this.settle(error);
      return false;
    }
  }

  /** Throws the first error when nothing is under way any more; what was started is marked, the rest given back. */
  private async startAll(ids: readonly string[]): Promise<void> {
    const { pool } = this.options;
    const waiting = [...ids];
    const started: string[] = [];
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined && failures.length === 0; id = waiting.shift())
        try {
          const begun = performance.now();
          await this.startFlow(id);
          started.push(id);
          if (waiting.length > 0) await delay(Math.min(LONGEST_REST_MS, performance.now() - begun));
        } catch (error) {
          failures.push(error);
        }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await markDeliveriesStarted(pool, { ids: started });
    if (failures.length === 0) return;
    await releaseDeliveries(pool, { ids: ids.filter((id) => !started.includes(id)) });
    throw failures[0];
  }

  private async startFlow(id: string): Promise<void> {
    await this.options.temporal.call((client) =>
      startOnce<(input: FlowWorkflowInput) => Promise<unknown>>(client, FLOW_WORKFLOW, {
        ...{ taskQueue: FLOW_TASK_QUEUE, workflowId: flowWorkflowId(id), args: [{ flowRunId: id }] },
        // Started is started, also where it has ended since; one that was ended before the flow began is begun anew.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        priority: { priorityKey: FLOW_PRIORITY.event },
      }),
    );
  }

  private settle(error: unknown): void {
    const { log } = this.options;
    if (error === undefined && this.trouble) log('info', 'deliveries are started again', {});
    if (error !== undefined && !this.trouble) {
      const code = error instanceof SluiceError ? error.code : error instanceof Error ? error.name : typeof error;
      log('warn', 'deliveries wait: they could not be started', { code });
    }
    this.trouble = error !== undefined;
  }

  private rest(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        done();
      };
      if (this.stopping.signal.aborted) this.wakeUp();
    });
  }
}
