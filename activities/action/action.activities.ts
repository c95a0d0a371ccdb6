import { Inject, Injectable } from '@nestjs/common';
import { Context } from '@temporalio/activity';
import { failedBy, performAction, type ActionPorts } from '../../libs/actions/index.js';
import {
  failActionInputSchema,
  performActionInputSchema,
  type ActionActivities as Contract,
  type ActionStep,
  type FailActionInput,
  type PerformActionInput,
} from '../../libs/contracts/action-workflow.js';
import { withFailures } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { ACTION_PORTS } from '../tokens.js';

/** Calls of functions of other systems. */
@Injectable()
export class ActionActivities implements Contract {
  constructor(@Inject(ACTION_PORTS) private readonly ports: ActionPorts) {}

  async performAction(input: PerformActionInput): Promise<ActionStep> {
    const { runId } = performActionInputSchema.parse(input);
    const { cancellationSignal: signal } = Context.current();
    return withFailures(() => withHeartbeat(() => performAction(this.ports, { runId, signal })));
  }

  async failAction(input: FailActionInput): Promise<ActionStep> {
    const { runId, error } = failActionInputSchema.parse(input);
    return withFailures(() => failedBy(this.ports.pool, runId, error));
  }
}
