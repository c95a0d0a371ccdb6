import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { PgBudgetGate } from '../../../libs/budget/index.js';
import type { ApiEnv } from '../../../libs/config/index.js';
import type { Egress } from '../../../libs/egress/egress.js';
import { ExpressionSandbox } from '../../../libs/flows/index.js';
import type { Logger, Tracing } from '../../../libs/observability/index.js';
import { Reconciler } from '../../../libs/runs/index.js';
import { hashApiKey } from '../../../libs/secrets/index.js';
import {
  getDefaultWorkspaceId,
  insertApiKey,
  purgeActionRuns,
  purgeCallLimits,
  purgeEndpointDeliveries,
  purgeEvents,
  purgeFlowRuns,
  purgeIdempotencyKeys,
  tidyUsage,
  type Pool,
} from '../../../libs/store/index.js';
import type { TemporalClient } from '../../../libs/temporal/index.js';
import { ActionWorker } from '../actions/action-worker.js';
import { PgCircuitBreakers } from '../../../libs/circuits/index.js';
import { DriftLog } from '../../../libs/drift/index.js';
import { AnnouncementLog } from '../../../libs/lifecycle/index.js';
import { UsageMeter } from '../../../libs/usage/index.js';
import { ConnectorSeed } from '../connectors/seed-connectors.js';
import { CONFIG, EGRESS, INTAKE_POOL, LOGGER, POOL, TEMPORAL, TRACING } from './tokens.js';

const KEPT_DAYS = 30;
/** The keys of actions and flows are kept with their runs. */
const ACTIONS_KEPT_DAYS = 90;
const PURGE_EVERY_MS = 3_600_000;
const PURGED_AT_ONCE = 1_000;
/** So long a delivery to a webhook endpoint is tried at least before it is forgotten. */
const TRIED_DAYS = 5;

/** What is done once when the process starts, in its background, and at its end. */
@Injectable()
export class Lifecycle implements BeforeApplicationShutdown, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: ApiEnv,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(INTAKE_POOL) private readonly intake: Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConnectorSeed) private readonly seed: ConnectorSeed,
    @Inject(Reconciler) private readonly reconciler: Reconciler,
    @Inject(PgBudgetGate) private readonly gate: PgBudgetGate,
    @Inject(PgCircuitBreakers) private readonly circuits: PgCircuitBreakers,
    @Inject(UsageMeter) private readonly meter: UsageMeter,
    @Inject(DriftLog) private readonly drift: DriftLog,
    @Inject(AnnouncementLog) private readonly announcements: AnnouncementLog,
    @Inject(EGRESS) private readonly egress: Egress,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
    @Inject(ExpressionSandbox) private readonly sandbox: ExpressionSandbox,
    @Inject(ActionWorker) private readonly actions: ActionWorker,
    @Inject(TRACING) private readonly tracing: Tracing | null,
  ) {}

  async start(): Promise<void> {
    const key = this.config.SLUICE_BOOTSTRAP_API_KEY;
    const workspaceId = await getDefaultWorkspaceId(this.pool);
    if (key !== undefined) await insertApiKey(this.pool, { workspaceId, name: 'bootstrap', hash: hashApiKey(key) });
    await this.seed.run();
    this.reconciler.start();
    this.actions.start();
    this.timer = setInterval(() => void this.purge(), PURGE_EVERY_MS).unref();
  }

  private async purge(): Promise<void> {
    try {
      await purgeIdempotencyKeys(this.pool, { days: KEPT_DAYS });
      await purgeFlowRuns(this.pool, { days: ACTIONS_KEPT_DAYS });
      await purgeCallLimits(this.pool);
      await purgeActionRuns(this.pool, { days: ACTIONS_KEPT_DAYS });
      await this.purgeEvents();
      await this.purgeEndpointDeliveries();
      await tidyUsage(this.pool, { days: this.config.SLUICE_USAGE_DAYS });
    } catch (err) {
      this.logger.warn({ err }, 'old answers could not be purged; the next hour tries again');
    }
  }

  /** In batches, so that nobody waits for a long deletion. */
  private async purgeEvents(): Promise<void> {
    const days = this.config.SLUICE_EVENT_DAYS;
    while ((await purgeEvents(this.pool, { days, limit: PURGED_AT_ONCE })) === PURGED_AT_ONCE);
  }

  private async purgeEndpointDeliveries(): Promise<void> {
    const days = this.config.SLUICE_EVENT_DAYS;
    const batch = { days, pendingDays: TRIED_DAYS, limit: PURGED_AT_ONCE };
    while ((await purgeEndpointDeliveries(this.pool, batch)) === PURGED_AT_ONCE);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([this.reconciler.stop(), this.actions.stop()]);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([this.gate.close(), this.egress.close(), this.temporal.close(), this.sandbox.close()]);
    // Calls that ended with the egress are counted too.
    await Promise.all([this.meter.close(), this.circuits.close(), this.announcements.close(), this.drift.close()]);
    await Promise.allSettled([this.pool.end(), this.intake.end(), this.tracing?.stop()]);
  }
}
