import { setTimeout as delay } from 'node:timers/promises';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger, Tracing } from '../observability/index.js';
import { tracedWorker } from '../temporal/index.js';
import type { WorkflowCode } from './workflow-code.js';

/** A task queue, and what of it one process does at once. */
export interface TaskQueue {
  name: string;
  activities: object;
  slots: number;
  /** It has activities only. Default: workflows too. */
  workflowless?: boolean;
}

export interface WorkerHostOptions {
  address: string;
  namespace: string;
  dataConverter: DataConverter | undefined;
  code: WorkflowCode;
  tracing: Tracing | null;
  /** A worker each. */
  queues: readonly TaskQueue[];
  log: Logger;
}

/** How long Temporal may take to come up after us. */
const CONNECT_WITHIN_MS = 60_000;
const CONNECT_EVERY_MS = 500;
/** In-flight windows drain to their next commit in this time; the launcher and most orchestrators kill after about ten seconds. */
const SHUTDOWN_WITHIN_MS = 8_000;
/** Heartbeats are sent at least this often, so that a pause reaches a mover within a second or two. */
const HEARTBEAT_MS = 1_000;
/**
 * After a worker's death its workflows' tasks wait so long for it before another worker gets them, on top of the heartbeat timeout: the default
 * of 10 s would double the gap. Whoever is alive polls at once; a task that was given up too early only costs a replay of a short history.
 */
const STICKY_TIMEOUT_MS = 500;
/**
 * Tasks are few and long. Each open poll of a worker that freezes swallows one task for ten seconds, so there are no more than are needed
 * (two is the least for workflows: one for the sticky queue).
 */
const POLLS = 2;

/** However few activities a queue may do at once, its workflows go on. */
const LEAST_TASKS = 20;
/**
 * More tasks of workflows than tries: a task lasts until its end is written by Temporal, longer than the try in it, and with no place for the next one an eager
 * start is denied (a third of them at eight calls at once). What then has a task and waits for a try is bounded by this.
 */
const FINISHING_TASKS = 20;
const LEAST_CACHED = 100;

/** The Temporal workers of this process. */
export class WorkerHost {
  private connection: NativeConnection | undefined;
  private workers: Worker[] = [];
  private running: Promise<unknown> | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: WorkerHostOptions) {}

  /** Resolves with their connection when the workers poll. `ended` is called when one stops: with an error when nobody had asked it to. */
  async start(ended: (error?: unknown) => void): Promise<NativeConnection> {
    const connection = await this.connect();
    this.connection = connection;
    this.workers = await Promise.all(this.options.queues.map((queue) => this.create(connection, queue)));
    this.running = Promise.all(this.workers.map((worker) => worker.run()));
    this.running.then(() => ended(), ended);
    return connection;
  }

  private create(connection: NativeConnection, queue: TaskQueue): Promise<Worker> {
    const { name, activities, slots, workflowless = false } = queue;
    const { namespace, dataConverter, code } = this.options;
    const traced = tracedWorker(this.options.tracing);
    return Worker.create({
      connection,
      namespace,
      taskQueue: name,
      ...traced,
      ...(workflowless
        ? {}
        : { ...code.workflows, interceptors: { ...traced.interceptors, workflowModules: code.interceptorModules } }),
      activities,
      ...(dataConverter === undefined ? {} : { dataConverter }),
      maxConcurrentActivityTaskExecutions: slots,
      maxConcurrentActivityTaskPolls: Math.min(slots, POLLS),
      // A workflow's task lasts as long as the local activities that it began.
      maxConcurrentLocalActivityExecutions: Math.max(slots, LEAST_TASKS),
      maxConcurrentWorkflowTaskExecutions: Math.max(slots, LEAST_TASKS) + FINISHING_TASKS,
      maxConcurrentWorkflowTaskPolls: POLLS,
      maxCachedWorkflows: Math.max(2 * slots, LEAST_CACHED),
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
      maxHeartbeatThrottleInterval: HEARTBEAT_MS,
      defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
      shutdownGraceTime: 0,
      shutdownForceTime: SHUTDOWN_WITHIN_MS,
    });
  }

  /** Drains and ends; safe to call more than once, and before start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const worker of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await this.running?.catch(() => {});
    await this.connection?.close().catch(() => {});
  }

  private async connect(): Promise<NativeConnection> {
    const { address, log } = this.options;
    for (const deadline = Date.now() + CONNECT_WITHIN_MS; ; await delay(CONNECT_EVERY_MS)) {
      try {
        return await NativeConnection.connect({ address });
      } catch (error) {
        if (Date.now() > deadline || this.stopping.signal.aborted) throw error;
        log.debug({ address }, 'Temporal is not up yet');
      }
    }
  }
}
