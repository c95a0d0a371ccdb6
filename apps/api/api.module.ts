import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { ActionRunsController, CallController, ConnectorActionsController } from './actions/actions.controller.js';
import { ActionWorker } from './actions/action-worker.js';
import { ToldActivities } from './actions/told-activities.js';
import { ActionsService } from './actions/actions.service.js';
import { FlowChecks } from './flows/flow-checks.service.js';
import { FlowDryRunService } from './flows/flow-dry-run.service.js';
import { FlowRunsController } from './flows/flow-runs.controller.js';
import { FlowRunsService } from './flows/flow-runs.service.js';
import { FlowsController } from './flows/flows.controller.js';
import { FlowsService } from './flows/flows.service.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AccountRuns } from './budgets/account-runs.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { BudgetsService } from './budgets/budgets.service.js';
import { ConnectionsController } from './connections/connections.controller.js';
import { DriftController } from './connections/drift.controller.js';
import { ConnectionsService } from './connections/connections.service.js';
import { ProbeService } from './connections/probe.service.js';
import { ConnectorChanges } from './connectors/connector-changes.service.js';
import { ConnectorsController } from './connectors/connectors.controller.js';
import { ConnectorVersions } from './connectors/connector-versions.service.js';
import { ConnectorsService } from './connectors/connectors.service.js';
import { ConnectorSeed } from './connectors/seed-connectors.js';
import { CoreModule, type CoreParts } from './core/core.module.js';
import { Lifecycle } from './core/lifecycle.js';
import { requestLog } from './core/request-log.js';
import { DocsController } from './docs/docs.controller.js';
import { DeliveryBell } from './hooks/delivery-bell.js';
import { ConnectorWebhooksController, HooksController } from './hooks/hooks.controller.js';
import { HooksService } from './hooks/hooks.service.js';
import { ReceiverController } from './hooks/receiver.controller.js';
import { ReceiverService } from './hooks/receiver.service.js';
import { EventsController } from './events/events.controller.js';
import { EventsService } from './events/events.service.js';
import { EndpointDeliveriesController } from './webhook-endpoints/endpoint-deliveries.controller.js';
import { EndpointDeliveriesService } from './webhook-endpoints/endpoint-deliveries.service.js';
import { WebhookEndpointsController } from './webhook-endpoints/webhook-endpoints.controller.js';
import { WebhookEndpointsService } from './webhook-endpoints/webhook-endpoints.service.js';
import { HealthController } from './health/health.controller.js';
import { ApiKeyGuard } from './http/api-key.guard.js';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.js';
import { ProblemFilter } from './http/problem.filter.js';
import { SchemaPipe } from './http/schema.pipe.js';
import { TraceInterceptor } from './http/trace.interceptor.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { QuarantineService } from './quarantine/quarantine.service.js';
import { RunsController } from './runs/runs.controller.js';
import { RunsService } from './runs/runs.service.js';
import { StatesController } from './states/states.controller.js';
import { StatesService } from './states/states.service.js';
import { SyncVerificationsController, VerificationsController } from './verifications/verifications.controller.js';
import { VerificationsService } from './verifications/verifications.service.js';
import { BackfillsController } from './backfills/backfills.controller.js';
import { BackfillsService } from './backfills/backfills.service.js';
import { CircuitsController } from './circuits/circuits.controller.js';
import { UsageController } from './usage/usage.controller.js';
import { DeleteSync } from './syncs/delete-sync.service.js';
import { SyncChecks } from './syncs/sync-checks.service.js';
import { SyncForecast } from './syncs/sync-forecast.service.js';
import { SyncsController } from './syncs/syncs.controller.js';
import { SyncsService } from './syncs/syncs.service.js';

/** The whole API over its core. */
@Module({})
export class ApiModule {
  static with(parts: CoreParts): DynamicModule {
    return {
      module: ApiModule,
      imports: [CoreModule.with(parts), requestLog(parts.logger), TerminusModule.forRoot({ logger: false })],
      controllers: [
        HealthController,
        DocsController,
        ConnectorsController,
        ConnectorActionsController,
        ConnectionsController,
        DriftController,
        CallController,
        ActionRunsController,
        ConnectorWebhooksController,
        HooksController,
        ReceiverController,
        WebhookEndpointsController,
        EndpointDeliveriesController,
        EventsController,
        FlowsController,
        FlowRunsController,
        SyncsController,
        RunsController,
        StatesController,
        BackfillsController,
        VerificationsController,
        SyncVerificationsController,
        ApiKeysController,
        BudgetsController,
        UsageController,
        CircuitsController,
        QuarantineController,
      ],
      providers: [
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_INTERCEPTOR, useClass: TraceInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useClass: SchemaPipe },
        { provide: APP_FILTER, useClass: ProblemFilter },
        ...[WebhookEndpointsService, EndpointDeliveriesService],
        ...[EventsService, HooksService, ReceiverService, DeliveryBell],
        ...[ConnectorsService, ConnectorVersions, ConnectorChanges, ConnectorSeed, ConnectionsService, ProbeService],
        ...[
          ActionsService,
          FlowChecks,
          FlowDryRunService,
          FlowsService,
          FlowRunsService,
          ActionWorker,
          ToldActivities,
          SyncsService,
          SyncChecks,
          DeleteSync,
          RunsService,
          StatesService,
          VerificationsService,
          BackfillsService,
          QuarantineService,
          ...[BudgetsService, AccountRuns, SyncForecast],
          Lifecycle,
        ],
      ],
    };
  }
}
