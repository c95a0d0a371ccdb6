import { Module, type DynamicModule } from '@nestjs/common';
import { PgBudgetGate } from '../../../libs/budget/index.js';
import { PgCircuitBreakers } from '../../../libs/circuits/index.js';
import type { ApiEnv } from '../../../libs/config/index.js';
import { createConnectorCatalog, StoreConnectionOpener, type ConnectorCatalog } from '../../../libs/connections/index.js';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import { DriftLog } from '../../../libs/drift/index.js';
import { EgressAllowList } from '../../../libs/egress/allow-list.js';
import { Egress } from '../../../libs/egress/egress.js';
import { EventIntake } from '../../../libs/events/index.js';
import { ExpressionSandbox } from '../../../libs/flows/index.js';
import { AnnouncementLog } from '../../../libs/lifecycle/index.js';
import { provide } from '../../../libs/nest/provide.js';
import type { Logger, Tracing } from '../../../libs/observability/index.js';
import { Reconciler, TemporalRunControl } from '../../../libs/runs/index.js';
import { createSecretBox, type SecretBox } from '../../../libs/secrets/index.js';
import { createPool, prepared, type Db, type Pool } from '../../../libs/store/index.js';
import { dataConverter, RunEnds, TemporalClient } from '../../../libs/temporal/index.js';
import { UsageMeter } from '../../../libs/usage/index.js';
import {
  CATALOG,
  CONFIG,
  EGRESS,
  INTAKE,
  INTAKE_POOL,
  LOGGER,
  OPENER,
  POOL,
  RUN_CONTROL,
  SECRETS,
  TEMPORAL,
  TRACING,
} from './tokens.js';

export interface CoreParts {
  config: ApiEnv;
  logger: Logger;
  version: string;
  tracing: Tracing | null;
}

/** Looks for hooks, blocks of their calls, and what is stored: few statements at a time, whose connections stay open, so that a burst does not begin with opening some. */
const INTAKE_CONNECTIONS = { applicationName: 'sluice api intake', min: 4, max: 4 };

/** What everything else works with: one of each in the process. */
@Module({})
export class CoreModule {
  static with({ config, logger, version, tracing }: CoreParts): DynamicModule {
    const { SLUICE_SECRET_KEY: secretKey, SLUICE_SECRET_KEYS_OLD: oldKeys } = config;
    const converter = dataConverter({ encryption: config.SLUICE_TEMPORAL_ENCRYPTION === 'true', secretKey, oldKeys });
    const cluster = { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE };
    const timing = { intervalMs: config.SLUICE_RECONCILE_MS, startAfterMs: config.SLUICE_LOST_AFTER_MS };
    const onBudgetError = (err: unknown): void => logger.warn({ err }, 'a budget was not told of something');
    const circuitNews = {
      onError: (err: unknown): void => logger.warn({ err }, 'the circuits could not be read or written'),
      onChange: (facts: object): void => logger.warn(facts, 'a circuit changed'),
    };
    const onUsageError = (err: unknown, facts: object): void => logger.warn({ err, ...facts }, 'calls were not counted yet');
    const onDriftError = (err: unknown): void => logger.warn({ err }, 'what does not fit its schema was not stored yet');
    const onAnnouncementError = (err: unknown): void => logger.warn({ err }, 'what a provider announced was not stored yet');
    const log = (level: 'info' | 'warn', message: string, facts: Record<string, string>): void => logger[level](facts, message);
    const providers = [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: TRACING, useValue: tracing },
      provide(POOL, [], () => createPool(config.SLUICE_DATABASE_URL, { applicationName: 'sluice api' })),
      provide(INTAKE_POOL, [], () => createPool(config.SLUICE_DATABASE_URL, INTAKE_CONNECTIONS)),
      provide(INTAKE, [INTAKE_POOL], prepared),
      provide(EventIntake, [INTAKE, SECRETS], (db: Db, secrets: SecretBox) => new EventIntake(db, secrets)),
      provide(SECRETS, [], () => createSecretBox({ current: secretKey, old: oldKeys })),
      provide(PgBudgetGate, [POOL], (pool: Pool) => new PgBudgetGate({ pool, onError: onBudgetError })),
      provide(PgCircuitBreakers, [POOL], (db: Pool) => new PgCircuitBreakers({ db, ...circuitNews })),
      provide(UsageMeter, [POOL], (db: Pool) => new UsageMeter({ db, onError: onUsageError })),
      provide(
        AnnouncementLog,
        [POOL, SECRETS],
        (pool: Pool, secrets: SecretBox) => new AnnouncementLog({ pool, secrets, onError: onAnnouncementError }),
      ),
      provide(
        DriftLog,
        [POOL, SECRETS],
        (pool: Pool, secrets: SecretBox) => new DriftLog({ pool, secrets, onError: onDriftError }),
      ),
      provide(
        EGRESS,
        [PgBudgetGate, PgCircuitBreakers, UsageMeter, AnnouncementLog],
        (gate: PgBudgetGate, circuits: PgCircuitBreakers, meter: UsageMeter, announcements: AnnouncementLog) =>
          new Egress({
            allow: EgressAllowList.parse(config.SLUICE_EGRESS_ALLOW),
            ...{ gate, circuits, meter, announcements, version },
          }),
      ),
      provide(CATALOG, [EGRESS], (egress: Egress) => createConnectorCatalog(egress, { duckdbFolder: config.SLUICE_DUCKDB_DIR })),
      provide(ExpressionSandbox, [], () => new ExpressionSandbox()),
      provide(
        OPENER,
        [POOL, SECRETS, CATALOG, EGRESS],
        (db: Pool, secrets: SecretBox, catalog: ConnectorCatalog, egress: Egress) =>
          new StoreConnectionOpener({ db, secrets, catalog, egress, class: 'interactive' }),
      ),
      provide(
        TEMPORAL,
        [],
        () => new TemporalClient({ ...cluster, ...(converter === undefined ? {} : { dataConverter: converter }) }),
      ),
      provide(RunEnds, [], () => new RunEnds()),
      provide(
        RUN_CONTROL,
        [POOL, TEMPORAL, SECRETS],
        (...parts: [Pool, TemporalClient, SecretBox]) => new TemporalRunControl(...parts),
      ),
      provide(
        Reconciler,
        [POOL, TEMPORAL, OPENER, SECRETS],
        (pool: Pool, temporal: TemporalClient, opener: ConnectionOpener, secrets: SecretBox) =>
          new Reconciler({ pool, temporal, opener, secrets, ...timing, log }),
      ),
    ];
    const exported = providers.map((provider) => provider.provide);
    return { module: CoreModule, global: true, providers, exports: exported };
  }
}
