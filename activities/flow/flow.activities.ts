import { Inject, Injectable } from '@nestjs/common';
import { Context } from '@temporalio/activity';
import {
  endFlowInputSchema,
  fireFlowInputSchema,
  flowCallInputSchema,
  flowInputSchema,
  flowStateInputSchema,
  flowStepInputSchema,
  type EndFlowInput,
  type FireFlowInput,
  type FlowCallInput,
  type FlowInput,
  type FlowStateInput,
  type FlowStepInput,
} from '../../libs/contracts/flow-activities.schema.js';
import {
  type BeginFlowResult,
  type CallResult,
  type FlowActivities as Contract,
  type ScheduledFlowWorkflowResult,
  type FlowWorkflowResult,
  type PlanStepResult,
  type UndoResult,
} from '../../libs/contracts/flow-workflow.js';
import { beginFlow, callStep, endFlow, endStep, fireFlow, planStep, undoStep, type FlowPorts } from '../../libs/flows/index.js';
import { setFlowRunState } from '../../libs/store/index.js';
import { withFailures } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { FLOW_PORTS } from '../tokens.js';

/** Steps of flows. */
@Injectable()
export class FlowActivities implements Contract {
  constructor(@Inject(FLOW_PORTS) private readonly ports: FlowPorts) {}

  async beginFlow(input: FlowInput): Promise<BeginFlowResult> {
    const request = flowInputSchema.parse(input);
    return withFailures(() => beginFlow(this.ports, request));
  }

  async planStep(input: FlowStepInput): Promise<PlanStepResult> {
    const request = flowStepInputSchema.parse(input);
    return withFailures(() => planStep(this.ports, request));
  }

  async callStep(input: FlowCallInput): Promise<CallResult> {
    const request = flowCallInputSchema.parse(input);
    const { cancellationSignal: signal } = Context.current();
    return withFailures(() => withHeartbeat(() => callStep(this.ports, { ...request, signal })));
  }

  async endStep(input: FlowStepInput): Promise<{ status: 'succeeded' | 'failed' }> {
    const request = flowStepInputSchema.parse(input);
    return withFailures(() => endStep(this.ports, request));
  }

  async undoStep(input: FlowStepInput): Promise<UndoResult> {
    const request = flowStepInputSchema.parse(input);
    const { cancellationSignal: signal } = Context.current();
    return withFailures(() => withHeartbeat(() => undoStep(this.ports, { ...request, signal })));
  }

  async reportFlow(input: FlowStateInput): Promise<void> {
    const { flowRunId: id, state } = flowStateInputSchema.parse(input);
    await withFailures(() => setFlowRunState(this.ports.pool, { id, state }));
  }

  async endFlow(input: EndFlowInput): Promise<FlowWorkflowResult> {
    const { error, ...request } = endFlowInputSchema.parse(input);
    return withFailures(() => endFlow(this.ports, { ...request, ...(error === undefined ? {} : { error }) }));
  }

  async fireFlow(input: FireFlowInput): Promise<ScheduledFlowWorkflowResult> {
    const request = fireFlowInputSchema.parse(input);
    return withFailures(() => fireFlow(this.ports, request));
  }
}
