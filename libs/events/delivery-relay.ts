import { setTimeout as delay } from 'node:timers/promises';
import {
  FLOW_PRIORITY,
  FLOW_TASK_QUEUE,
  FLOW_WORKFLOW,
  flowWorkflowId,
  type FlowWorkflowInput,
} from '../contracts/flow-workflow.js';
import { RelayLoop, type RelayLog } from '../relay/index.js';
import { claimDeliveries, markDeliveriesStarted, releaseDeliveries, type Pool } from '../store/index.js';
import { startOnce, type TemporalClient } from '../temporal/temporal-client.js';
import { DeliveryFeed } from './delivery-feed.js';

export interface DeliveryRelayOptions {
  pool: Pool;
  temporal: TemporalClient;
  /** Told once when deliveries cannot be started, and once when they can be again. */
  log: RelayLog;
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
  private readonly loop: RelayLoop;

  constructor(private readonly options: DeliveryRelayOptions) {
    const words = { trouble: 'deliveries wait: they could not be started', over: 'deliveries are started again' };
    const { log } = options;
    this.loop = new RelayLoop({ pass: () => this.pass(), everyMs: LOOK_EVERY_MS, troubleEveryMs: TRY_EVERY_MS, log, words });
    this.feed = new DeliveryFeed(options.pool, () => this.loop.ring());
  }

  start(): void {
    this.loop.start();
  }

  /** Resolves when what it does is done. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.feed.close();
  }

  private async pass(): Promise<boolean> {
    await this.feed.check();
    // After trouble one is enough to see whether it is over.
    const limit = this.loop.inTrouble ? 1 : BATCH;
    const ids = await claimDeliveries(this.options.pool, { limit, claimMs: CLAIM_MS });
    if (ids.length === 0) return false;
    await this.startAll(ids);
    this.loop.settle(undefined);
    return ids.length === limit;
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
}
