import { Module, type DynamicModule } from '@nestjs/common';
import { MoveActivities } from '../../activities/move/move.activities.js';
import { ActionActivities } from '../../activities/action/action.activities.js';
import { SnapshotActivities } from '../../activities/snapshot/snapshot.activities.js';
import { FlowActivities } from '../../activities/flow/flow.activities.js';
import { ActivityRegistry } from '../../activities/registry.js';
import { RunActivities } from '../../activities/run/run.activities.js';
import { ScheduleActivities } from '../../activities/schedule/schedule.activities.js';
import { VerifyActivities } from '../../activities/verify/verify.activities.js';
import {
  ACTION_PORTS,
  CHUNK_LIMITS,
  CONNECTION_OPENER,
  FLOW_PORTS,
  POOL,
  RUN_CONTROL,
  SECRETS,
  SYNC_SETTINGS,
} from '../../activities/tokens.js';
import type { ActionPorts } from '../../libs/actions/index.js';
import { PgBudgetGate } from '../../libs/budget/index.js';
import { PgCircuitBreakers } from '../../libs/circuits/index.js';
import type { WorkerEnv } from '../../libs/config/index.js';
import { StoreConnectionOpener, type ConnectorCatalog } from '../../libs/connections/index.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import { ACTION_TASK_QUEUE } from '../../libs/contracts/action-workflow.js';
import { SNAPSHOT_TASK_QUEUE, SYNC_TASK_QUEUE, type SyncSettings } from '../../libs/contracts/workflows.js';
import { FLOW_TASK_QUEUE } from '../../libs/contracts/flow-workflow.js';
import { DriftLog } from '../../libs/drift/index.js';
import { EgressAllowList } from '../../libs/egress/allow-list.js';
import { Egress } from '../../libs/egress/egress.js';
import { DeliveryRelay } from '../../libs/events/index.js';
import { ExpressionSandbox, FlowPrograms, type FlowPorts } from '../../libs/flows/index.js';
import { AnnouncementLog } from '../../libs/lifecycle/index.js';
import { provide } from '../../libs/nest/provide.js';
import type { ChunkLimits } from '../../libs/pipeline/index.js';
import type { Logger, Tracing } from '../../libs/observability/index.js';
import { RecordRelay, Reconciler, TemporalRunControl } from '../../libs/runs/index.js';
import { createSecretBox } from '../../libs/secrets/index.js';
import { createPool, type Pool } from '../../libs/store/index.js';
import { dataConverter, TemporalClient } from '../../libs/temporal/index.js';
import { WorkerHost, workflowCode } from '../../libs/worker-host/index.js';
import { UsageMeter } from '../../libs/usage/index.js';
import { EndpointRelay } from '../../libs/webhook-endpoints/index.js';
import { CATALOG, LOGGER, TRACING } from './tokens.js';
import { WorkerLifecycle } from './worker-lifecycle.js';

export interface WorkerParts {
  config: WorkerEnv;
  log: Logger;
  tracing: Tracing | null;
  /** Sluice's version, for the user agent. */
  version: string;
  /** What connectors can be; destinations that are no HTTP ask the process's egress guard. */
  catalog: (egress: Egress) => ConnectorCatalog;
}

/** Calls wait for their providers, not for this machine. */
const ACTIONS_AT_ONCE = 50;
/** Each is a session at a source that does nothing. */
const SNAPSHOTS_HELD = 200;

type Deps = [pool: Pool, temporal: TemporalClient, opener: ConnectionOpener];
/** Everything a worker process is made of. */
@Module({})
export class WorkerModule {
  static with({ config, log, tracing, version, catalog }: WorkerParts): DynamicModule {
    const converter = dataConverter({
      encryption: config.SLUICE_TEMPORAL_ENCRYPTION === 'true',
      secretKey: config.SLUICE_SECRET_KEY,
      oldKeys: config.SLUICE_SECRET_KEYS_OLD,
    });
    const cluster = { address: config.TEMPORAL_ADDRESS, namespace: config.TEMPORAL_NAMESPACE };
    const settings: SyncSettings = {
      windowMs: config.SLUICE_WINDOW_MS,
      heartbeatTimeoutMs: config.SLUICE_HEARTBEAT_TIMEOUT_MS,
      failureBudget: config.SLUICE_FAILURE_BUDGET,
      continueAfterEvents: config.SLUICE_CONTINUE_AFTER_EVENTS,
    };
    const limits: ChunkLimits = { rows: config.SLUICE_CHUNK_ROWS, bytes: config.SLUICE_CHUNK_BYTES, ms: config.SLUICE_CHUNK_MS };
    const secrets = createSecretBox({ current: config.SLUICE_SECRET_KEY, old: config.SLUICE_SECRET_KEYS_OLD });
    const allow = EgressAllowList.parse(config.SLUICE_EGRESS_ALLOW);
    const onBudgetError = (error: unknown) => log.warn({ err: error }, 'a budget was not told of something');
    const circuitNews = {
      onError: (err: unknown) => log.warn({ err }, 'the circuits could not be read or written'),
      onChange: (facts: object) => log.warn(facts, 'a circuit changed'),
    };
    const onDriftError = (err: unknown) => log.warn({ err }, 'what does not fit its schema was not stored yet');
    const onAnnouncementError = (err: unknown) => log.warn({ err }, 'what a provider announced was not stored yet');
    const onUsageError = (err: unknown, facts: object) => log.warn({ err, ...facts }, 'calls were not counted yet');
    return {
      module: WorkerModule,
      providers: [
        { provide: LOGGER, useValue: log },
        { provide: TRACING, useValue: tracing },
        { provide: SECRETS, useValue: secrets },
        { provide: SYNC_SETTINGS, useValue: settings },
        { provide: CHUNK_LIMITS, useValue: limits },
        provide(POOL, [], () => createPool(config.SLUICE_DATABASE_URL, { applicationName: 'sluice worker' })),
        provide(PgBudgetGate, [POOL], (pool: Pool) => new PgBudgetGate({ pool, onError: onBudgetError })),
        provide(PgCircuitBreakers, [POOL], (db: Pool) => new PgCircuitBreakers({ db, ...circuitNews })),
        provide(UsageMeter, [POOL], (db: Pool) => new UsageMeter({ db, onError: onUsageError })),
        provide(AnnouncementLog, [POOL], (pool: Pool) => new AnnouncementLog({ pool, secrets, onError: onAnnouncementError })),
        provide(DriftLog, [POOL], (pool: Pool) => new DriftLog({ pool, secrets, onError: onDriftError })),
        provide(
          Egress,
          [PgBudgetGate, PgCircuitBreakers, UsageMeter, AnnouncementLog],
          (gate: PgBudgetGate, circuits: PgCircuitBreakers, meter: UsageMeter, announcements: AnnouncementLog) =>
            new Egress({ allow, gate, circuits, meter, announcements, version }),
        ),
        provide(CATALOG, [Egress], (egress: Egress) => catalog(egress)),
        provide(
          CONNECTION_OPENER,
          [POOL, CATALOG, Egress],
          (db: Pool, known: ConnectorCatalog, egress: Egress) =>
            new StoreConnectionOpener({ db, secrets, catalog: known, egress, class: 'batch' }),
        ),
        provide(
          ACTION_PORTS,
          [POOL, CATALOG, Egress, DriftLog],
          (pool: Pool, known: ConnectorCatalog, egress: Egress, drift: DriftLog): ActionPorts => ({
            ...{ pool, secrets, drift },
            opener: new StoreConnectionOpener({ db: pool, secrets, catalog: known, egress, class: 'interactive' }),
          }),
        ),
        provide(ExpressionSandbox, [], () => new ExpressionSandbox()),
        provide(
          FLOW_PORTS,
          [ACTION_PORTS, CATALOG, ExpressionSandbox],
          (ports: ActionPorts, known: ConnectorCatalog, sandbox: ExpressionSandbox): FlowPorts => ({
            ...{ ...ports, catalog: known, programs: new FlowPrograms(sandbox) },
            continueAfterEvents: config.SLUICE_CONTINUE_AFTER_EVENTS,
          }),
        ),
        provide(
          TemporalClient,
          [],
          () => new TemporalClient({ ...cluster, ...(converter === undefined ? {} : { dataConverter: converter }) }),
        ),
        provide(
          RUN_CONTROL,
          [POOL, TemporalClient],
          (pool: Pool, temporal: TemporalClient) => new TemporalRunControl(pool, temporal, secrets),
        ),
        provide(Reconciler, [POOL, TemporalClient, CONNECTION_OPENER], (...[pool, temporal, opener]: Deps) => {
          const timing = { intervalMs: config.SLUICE_RECONCILE_MS, startAfterMs: config.SLUICE_LOST_AFTER_MS };
          return new Reconciler({
            pool,
            temporal,
            opener,
            secrets,
            ...timing,
            log: (level, message, facts) => log[level](facts, message),
          });
        }),
        provide(
          DeliveryRelay,
          [POOL, TemporalClient],
          (pool: Pool, temporal: TemporalClient) =>
            new DeliveryRelay({ pool, temporal, log: (level, message, facts) => log[level](facts, message) }),
        ),
        provide(
          RecordRelay,
          [POOL, CONNECTION_OPENER],
          (pool: Pool, opener: ConnectionOpener) =>
            new RecordRelay({ pool, secrets, opener, log: (level, message, facts) => log[level](facts, message) }),
        ),
        provide(
          EndpointRelay,
          [POOL, Egress],
          (pool: Pool, egress: Egress) =>
            new EndpointRelay({ pool, egress, secrets, allow, log: (level, message, facts) => log[level](facts, message) }),
        ),
        provide(WorkerHost, [ActivityRegistry], (registry: ActivityRegistry) => {
          const code = workflowCode({
            bundle: config.SLUICE_WORKFLOW_BUNDLE,
            encryption: converter !== undefined,
            tracing: tracing !== null,
          });
          const queues = [
            { name: SYNC_TASK_QUEUE, activities: registry.activities(), slots: config.SLUICE_WORKER_ACTIVITIES },
            {
              ...{ name: ACTION_TASK_QUEUE, activities: { ...registry.actionActivities(), ...registry.flowActivities() } },
              ...{ slots: ACTIONS_AT_ONCE },
            },
            {
              ...{ name: SNAPSHOT_TASK_QUEUE, activities: registry.snapshotActivities() },
              ...{ slots: SNAPSHOTS_HELD, workflowless: true },
            },
            { name: FLOW_TASK_QUEUE, activities: registry.flowActivities(), slots: ACTIONS_AT_ONCE },
          ];
          return new WorkerHost({
            ...cluster,
            dataConverter: converter,
            code,
            tracing,
            queues,
            log,
          });
        }),
        RunActivities,
        MoveActivities,
        SnapshotActivities,
        ScheduleActivities,
        VerifyActivities,
        ActionActivities,
        FlowActivities,
        ActivityRegistry,
        WorkerLifecycle,
      ],
    };
  }
}
