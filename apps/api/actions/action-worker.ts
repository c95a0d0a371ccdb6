import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiEnv } from '../../../libs/config/index.js';
import { ACTION_TASK_QUEUE } from '../../../libs/contracts/action-workflow.js';
import type { Logger, Tracing } from '../../../libs/observability/index.js';
import { dataConverter, type TemporalClient } from '../../../libs/temporal/index.js';
import { WorkerHost, workflowCode } from '../../../libs/worker-host/index.js';
import { CONFIG, LOGGER, TEMPORAL, TRACING } from '../core/tokens.js';
import { ToldActivities } from './told-activities.js';

/** Before another worker takes the place of one that could not begin, or ended. */
const AGAIN_AFTER_MS = 2_000;

/**
 * A small worker in the API's own process for what somebody waits for: actions, and flows that a request starts. A workflow that is started here begins here, with the answer to its start; if the process dies, the workers
 * of apps/worker go on. The API is up without it: while Temporal is away it waits in the background.
 */
@Injectable()
export class ActionWorker {
  private host: WorkerHost | undefined;
  private working: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(
    @Inject(CONFIG) private readonly config: ApiEnv,
    @Inject(ToldActivities) private readonly activities: ToldActivities,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACING) private readonly tracing: Tracing | null,
  ) {}

  start(): void {
    if (this.config.SLUICE_API_ACTIONS > 0) this.working = this.work();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.temporal.share(undefined);
    await this.host?.stop();
    await this.working;
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const host = (this.host = this.makeHost());
      try {
        const ended = new Promise<void>((resolve, reject) => {
          host
            .start((error) => (error === undefined ? resolve() : reject(error as Error)))
            .then(
              (connection) => {
                if (!signal.aborted) this.temporal.share(connection);
              },
              (error: unknown) => reject(error as Error),
            );
        });
        await ended;
      } catch (err) {
        this.logger.warn({ err }, 'the worker for actions of this process ended; another takes its place');
      }
      this.temporal.share(undefined);
      await host.stop();
      await delay(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private makeHost(): WorkerHost {
    const { config, logger: log, tracing } = this;
    const { SLUICE_SECRET_KEY: secretKey, SLUICE_SECRET_KEYS_OLD: oldKeys } = config;
    const converter = dataConverter({ encryption: config.SLUICE_TEMPORAL_ENCRYPTION === 'true', secretKey, oldKeys });
    const activities = this.activities.all();
    return new WorkerHost({
      ...{ address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE, dataConverter: converter, tracing, log },
      code: workflowCode({
        bundle: config.SLUICE_WORKFLOW_BUNDLE,
        encryption: converter !== undefined,
        tracing: tracing !== null,
      }),
      queues: [{ name: ACTION_TASK_QUEUE, activities, slots: config.SLUICE_API_ACTIONS }],
    });
  }
}
