import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { reserveAction, startActionWorkflow, waitForAction } from '../../../libs/actions/index.js';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type {
  ActionRunQuery,
  ActionRunSummary,
  ActionRunView,
  ActionView,
  ResolveAction,
} from '../../../libs/contracts/action.schema.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Page } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { tellFlow } from '../../../libs/flows/index.js';
import { stringifyJson } from '../../../libs/json/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import { sealText, type SecretBox } from '../../../libs/secrets/index.js';
import {
  actionOutcome,
  endActionRun,
  findConnector,
  getActionRun,
  inTransaction,
  lastEffect,
  listActionRuns,
  listEffects,
  lockActionRun,
  reopenActionRun,
  settleEffect,
  type ActionRunRow,
  type ConnectorRow,
  type Pool,
} from '../../../libs/store/index.js';
import { RunEnds, type TemporalClient } from '../../../libs/temporal/index.js';
import { CATALOG, LOGGER, POOL, SECRETS, TEMPORAL } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { failureOfRun } from '../runs/failure-of-run.js';
import { actionRunSummary, actionRunView } from './action-run-view.js';
import { actionsDocument } from './actions-document.js';

const LIST = 'action-runs';

interface Key {
  workspaceId: string;
  id: string;
}

export interface CallRequest {
  workspaceId: string;
  connectionId: string;
  action: string;
  input: JsonObject;
  /** The caller's; undefined: it has none, and a repeat is another call. */
  idempotencyKey: string | undefined;
  wait: { ms: number; asked: boolean };
}

/** Calls of actions, and what became of them. */
@Injectable()
export class ActionsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(SECRETS) private readonly secrets: SecretBox,
    @Inject(RunEnds) private readonly ends: RunEnds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Errors: NOT_FOUND. */
  async actionsOf(request: { workspaceId: string; name: string }): Promise<{ data: ActionView[] }> {
    const connector = await this.connector(request);
    const { actions } = this.catalog.describe(connector);
    return {
      data: actions.map(({ name, description, input, output, repeat, compensate }) => ({
        ...{ name, description, input, output, repeat, compensate },
      })),
    };
  }

  /** They as an OpenAPI document. Errors: NOT_FOUND. */
  async document(request: { workspaceId: string; name: string }): Promise<JsonObject> {
    const { hash: version } = await this.connector(request);
    return actionsDocument({ connector: request.name, version, actions: (await this.actionsOf(request)).data });
  }

  /**
   * The run of this call, ended if it did within the wait. Errors: NOT_FOUND, UNKNOWN_ACTION, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED,
   * IDEMPOTENCY_IN_FLIGHT; the run's own where it failed, with its id in `run`.
   */
  async call(request: CallRequest): Promise<ActionRunView> {
    const { wait, idempotencyKey, ...call } = request;
    const id = randomUUID();
    const ports = { db: this.pool, secrets: this.secrets, catalog: this.catalog };
    const { row, isNew, sameRequest } = await reserveAction(ports, { ...call, id, idempotencyKey: idempotencyKey ?? id });
    if (!isNew) {
      if (!sameRequest) throw new SluiceError('IDEMPOTENCY_KEY_REUSED');
      if (actionOutcome(row) === null && !wait.asked)
        throw new SluiceError('IDEMPOTENCY_IN_FLIGHT', { details: { run: row.id } });
    }
    const run = await this.outcome(row, { isNew, ms: wait.ms });
    if (run.error !== null) throw failureOfRun(run);
    return this.view(run);
  }

  private async outcome(row: ActionRunRow, { isNew, ms }: { isNew: boolean; ms: number }): Promise<ActionRunRow> {
    const watch = this.ends.watch(row.id);
    try {
      const isHere = isNew && (await this.start(row));
      return await waitForAction({ pool: this.pool, temporal: this.temporal }, row, { ms, watch, isHere });
    } finally {
      watch.stop();
    }
  }

  /** Errors: NOT_FOUND. */
  async get(key: Key): Promise<ActionRunView> {
    return this.view(await this.find(key));
  }

  async list({ workspaceId, query }: { workspaceId: string; query: ActionRunQuery }): Promise<Page<ActionRunSummary>> {
    const { limit, cursor, connection_id: connectionId = null, action = null, state = null } = query;
    const after = numberCursor(LIST, cursor);
    const found = await listActionRuns(this.pool, { workspaceId, connectionId, action, state, limit, after });
    return pageOfResult(LIST, found, actionRunSummary);
  }

  /** What a person found out of a run whose outcome nobody knew. Errors: NOT_FOUND, RUN_NOT_ACTIVE. */
  async resolve({ body, ...key }: Key & { body: ResolveAction }): Promise<ActionRunView> {
    await this.find(key);
    const run = await inTransaction(this.pool, async (tx) => {
      const row = await lockActionRun(tx, key);
      if (row?.state !== 'outcome_unknown')
        throw new SluiceError('RUN_NOT_ACTIVE', {
          detail: `the run is ${row?.state ?? 'gone'}: only an unknown outcome is resolved`,
        });
      const last = await lastEffect(tx, { runId: row.id });
      const state = body.outcome === 'not_sent' ? ('superseded' as const) : body.outcome;
      const settled = { runId: row.id, attempt: last?.attempt ?? 1, state, status: null, resolvedBy: 'person' as const };
      await settleEffect(tx, settled);
      if (body.outcome === 'not_sent') await reopenActionRun(tx, row);
      else
        await endActionRun(tx, {
          ...{ id: row.id, state: body.outcome, error: body.outcome === 'failed' ? { code: 'ACTION_REFUSED' } : null },
          result: body.outcome === 'succeeded' ? sealText(this.secrets, row, stringifyJson(body.result ?? null)) : null,
        });
      return row;
    });
    const hasFlow = await tellFlow({ pool: this.pool, temporal: this.temporal }, { actionRunId: run.id });
    if (body.outcome === 'not_sent' && !hasFlow) await this.start(run);
    return this.get(key);
  }

  /** Whether it began in this process. With Temporal away the run waits for it: it is stored, and the reconciler starts what has no workflow. */
  private async start(row: ActionRunRow): Promise<boolean> {
    try {
      return await startActionWorkflow(this.temporal, row);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'TEMPORAL_UNAVAILABLE') throw error;
      this.logger.warn({ run: row.id, code: error.code }, 'an action waits for Temporal');
      return false;
    }
  }

  private async connector(request: { workspaceId: string; name: string }): Promise<ConnectorRow> {
    const row = await findConnector(this.pool, request);
    if (row === null) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${request.name}"` });
    return row;
  }

  private async find({ workspaceId, id }: Key): Promise<ActionRunRow> {
    const row = await getActionRun(this.pool, { id });
    if (row?.workspaceId !== workspaceId) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run of an action' });
    return row;
  }

  private async view(row: ActionRunRow): Promise<ActionRunView> {
    return actionRunView(row, await listEffects(this.pool, { runId: row.id }), this.secrets);
  }
}
