import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { POOL } from '../../activities/tokens.js';
import { PgBudgetGate } from '../../libs/budget/index.js';
import { DeliveryRelay } from '../../libs/events/index.js';
import { Egress } from '../../libs/egress/egress.js';
import { ExpressionSandbox } from '../../libs/flows/index.js';
import { RecordRelay, Reconciler } from '../../libs/runs/index.js';
import type { Pool } from '../../libs/store/index.js';
import { TemporalClient } from '../../libs/temporal/index.js';
import type { Tracing } from '../../libs/observability/index.js';
import { PgCircuitBreakers } from '../../libs/circuits/index.js';
import { DriftLog } from '../../libs/drift/index.js';
import { AnnouncementLog } from '../../libs/lifecycle/index.js';
import { UsageMeter } from '../../libs/usage/index.js';
import { TRACING } from './tokens.js';
import { EndpointRelay } from '../../libs/webhook-endpoints/index.js';
import { WorkerHost } from '../../libs/worker-host/index.js';

/** The one owner of this process's beginning and end: first the worker drains, then what it worked with is closed. */
@Injectable()
export class WorkerLifecycle implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(WorkerHost) private readonly host: WorkerHost,
    @Inject(Reconciler) private readonly reconciler: Reconciler,
    @Inject(DeliveryRelay) private readonly relay: DeliveryRelay,
    @Inject(RecordRelay) private readonly records: RecordRelay,
    @Inject(EndpointRelay) private readonly endpoints: EndpointRelay,
    @Inject(PgBudgetGate) private readonly gate: PgBudgetGate,
    @Inject(PgCircuitBreakers) private readonly circuits: PgCircuitBreakers,
    @Inject(UsageMeter) private readonly meter: UsageMeter,
    @Inject(DriftLog) private readonly drift: DriftLog,
    @Inject(AnnouncementLog) private readonly announcements: AnnouncementLog,
    @Inject(Egress) private readonly egress: Egress,
    @Inject(TemporalClient) private readonly temporal: TemporalClient,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(ExpressionSandbox) private readonly sandbox: ExpressionSandbox,
    @Inject(TRACING) private readonly tracing: Tracing | null,
  ) {}

  /** Resolves when the worker takes work. `ended`: see WorkerHost.start. */
  async start(ended: (error?: unknown) => void): Promise<void> {
    await this.host.start(ended);
    this.reconciler.start();
    this.relay.start();
    this.records.start();
    this.endpoints.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    const relays = [this.relay, this.records, this.endpoints];
    await Promise.all([this.host.stop(), this.reconciler.stop(), ...relays.map((relay) => relay.stop())]);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([this.gate.close(), this.egress.close(), this.temporal.close(), this.sandbox.close()]);
    // Calls that ended with the egress are counted too.
    await Promise.all([this.meter.close(), this.circuits.close(), this.announcements.close(), this.drift.close()]);
    await Promise.allSettled([this.pool.end(), this.tracing?.stop()]);
  }
}
