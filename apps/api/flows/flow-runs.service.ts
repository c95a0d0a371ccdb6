import { Inject, Injectable } from '@nestjs/common';
import { createHash, randomUUID } from 'node:crypto';
import { assertInput } from '../../../libs/connectors/index.js';
import type { FlowRunQuery, FlowRunSummary, FlowRunView } from '../../../libs/contracts/flow-view.schema.js';
import { flowWorkflowId } from '../../../libs/contracts/flow-workflow.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Page } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { cancelFlowWorkflow, endRunOfFlow, sealValue, startFlowWorkflow, waitForFlow } from '../../../libs/flows/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import {
  canonicalJson,
  getFlowRun,
  inTransaction,
  listFlowCalls,
  listFlowRuns,
  listFlowSteps,
  reserveFlowRun,
  type FlowRunRow,
  type Pool,
} from '../../../libs/store/index.js';
import { RunEnds, type TemporalClient } from '../../../libs/temporal/index.js';
import { LOGGER, POOL, SECRETS, TEMPORAL } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { failureOfRun } from '../runs/failure-of-run.js';
import { flowRunSummary, flowRunView } from './flow-view.js';
import { FlowsService, versionOf } from './flows.service.js';

const LIST = 'flow-runs';
/** Of a step. */
const SHOWN_CALLS = 100;

interface Key {
  workspaceId: string;
  id: string;
}

export interface FlowRequest {
  workspaceId: string;
  flowId: string;
  input: JsonObject;
  /** The caller's; undefined: it has none, and a repeat is another run. */
  idempotencyKey: string | undefined;
  wait: { ms: number; asked: boolean };
}

/** Runs of flows. */
@Injectable()
export class FlowRunsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
    @Inject(SECRETS) private readonly secrets: SecretBox,
    @Inject(FlowsService) private readonly flows: FlowsService,
    @Inject(RunEnds) private readonly ends: RunEnds,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The run of this request, ended if it did within the wait. Errors: NOT_FOUND, FLOW_DISABLED, INVALID_REQUEST, VALIDATION_FAILED,
   * IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_FLIGHT; the run's own where it failed, with its id in `run`.
   */
  async call({ workspaceId, flowId, input, idempotencyKey, wait }: FlowRequest): Promise<FlowRunView> {
    const flow = await this.flows.find({ workspaceId, id: flowId });
    const { definition } = await versionOf(this.pool, flow);
    if (definition.on.request === undefined)
      throw new SluiceError('INVALID_REQUEST', { detail: 'this flow is not started by requests' });
    if (!flow.enabled) throw new SluiceError('FLOW_DISABLED');
    assertInput(definition.on.request.input, input);
    const id = randomUUID();
    const requestHash = createHash('sha256').update(`${flowId}\n`).update(canonicalJson(input)).digest();
    const { row, isNew } = await reserveFlowRun(this.pool, {
      ...{ id, workspaceId, flowId, flowVersion: flow.version, trigger: 'request', eventId: null, requestHash },
      idempotencyKey: idempotencyKey ?? id,
      input: sealValue(this.secrets, { workspaceId, flowId }, { input }),
      workflowId: flowWorkflowId(id),
    });
    if (!isNew) {
      if (!row.requestHash.equals(requestHash)) throw new SluiceError('IDEMPOTENCY_KEY_REUSED');
      if (row.finishedAt === null && !wait.asked) throw new SluiceError('IDEMPOTENCY_IN_FLIGHT', { details: { run: row.id } });
    }
    const run = await this.outcome(row, { name: flow.name, isNew, ms: wait.ms });
    if (run.finishedAt !== null && run.error !== null) throw failureOfRun(run);
    return this.view(run);
  }

  private async outcome(row: FlowRunRow, { name, isNew, ms }: { name: string; isNew: boolean; ms: number }): Promise<FlowRunRow> {
    const watch = this.ends.watch(row.id);
    try {
      const isHere = isNew && (await this.start(row, name));
      return await waitForFlow({ pool: this.pool, temporal: this.temporal }, row, { ms, watch, isHere });
    } finally {
      watch.stop();
    }
  }

  /** Errors: NOT_FOUND. */
  async get(key: Key): Promise<FlowRunView> {
    return this.view(await this.find(key));
  }

  async list({ workspaceId, query }: { workspaceId: string; query: FlowRunQuery }): Promise<Page<FlowRunSummary>> {
    const { limit, cursor, flow_id: flowId = null, state = null } = query;
    const found = await listFlowRuns(this.pool, { workspaceId, flowId, state, limit, after: numberCursor(LIST, cursor) });
    return pageOfResult(LIST, found, flowRunSummary);
  }

  /** What is under way is not cut off, and what was made stays. Errors: NOT_FOUND, RUN_NOT_ACTIVE, TEMPORAL_UNAVAILABLE. */
  async cancel(key: Key): Promise<FlowRunView> {
    const run = await this.find(key);
    if (run.finishedAt !== null) throw new SluiceError('RUN_NOT_ACTIVE', { detail: `the run is ${run.state}` });
    if (!(await cancelFlowWorkflow(this.temporal, run)))
      await inTransaction(this.pool, (tx) =>
        endRunOfFlow(tx, { id: run.id, state: 'cancelled', error: { code: 'RUN_CANCELLED' } }),
      );
    return this.get(key);
  }

  /** Whether it began in this process. With Temporal away the run waits for it: it is stored, and the reconciler starts what has no workflow. */
  private async start(row: FlowRunRow, name: string): Promise<boolean> {
    try {
      return await startFlowWorkflow(this.temporal, { ...row, name });
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'TEMPORAL_UNAVAILABLE') throw error;
      this.logger.warn({ run: row.id, code: error.code }, 'a flow waits for Temporal');
      return false;
    }
  }

  private async find({ workspaceId, id }: Key): Promise<FlowRunRow> {
    const row = await getFlowRun(this.pool, { id });
    if (row?.workspaceId !== workspaceId) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run of a flow' });
    return row;
  }

  private async view(row: FlowRunRow): Promise<FlowRunView> {
    const of = { flowRunId: row.id };
    const [steps, calls] = await Promise.all([
      listFlowSteps(this.pool, of),
      listFlowCalls(this.pool, { ...of, limit: SHOWN_CALLS }),
    ]);
    return flowRunView(row, { steps, calls }, this.secrets);
  }
}
