import { Inject, Injectable } from '@nestjs/common';
import { ActionActivities } from '../../../activities/action/action.activities.js';
import { FlowActivities } from '../../../activities/flow/flow.activities.js';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { ActionActivities as ActionContract, ActionStep } from '../../../libs/contracts/action-workflow.js';
import type { FlowActivities as FlowContract } from '../../../libs/contracts/flow-workflow.js';
import { DriftLog } from '../../../libs/drift/index.js';
import { ExpressionSandbox, FlowPrograms } from '../../../libs/flows/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import type { Pool } from '../../../libs/store/index.js';
import { RunEnds } from '../../../libs/temporal/index.js';
import { CATALOG, OPENER, POOL, SECRETS } from '../core/tokens.js';

/** What the API's own worker does: activities of actions and flows that tell of each end whoever waits for it in this process. */
@Injectable()
export class ToldActivities {
  private readonly actions: ActionActivities;
  private readonly flows: FlowActivities;

  constructor(
    @Inject(POOL) pool: Pool,
    @Inject(SECRETS) secrets: SecretBox,
    @Inject(OPENER) opener: ConnectionOpener,
    @Inject(CATALOG) catalog: ConnectorCatalog,
    @Inject(ExpressionSandbox) sandbox: ExpressionSandbox,
    @Inject(DriftLog) drift: DriftLog,
    @Inject(RunEnds) private readonly ends: RunEnds,
  ) {
    const ports = { pool, secrets, opener, drift };
    this.actions = new ActionActivities(ports);
    this.flows = new FlowActivities({ ...ports, catalog, programs: new FlowPrograms(sandbox), continueAfterEvents: 0 });
  }

  all(): ActionContract & FlowContract {
    const { actions, flows } = this;
    return {
      performAction: async (input) => this.toldStep(input.runId, await actions.performAction(input)),
      failAction: async (input) => this.toldStep(input.runId, await actions.failAction(input)),
      beginFlow: async (input) => {
        const begun = await flows.beginFlow(input);
        if (begun.status === 'closed') this.ends.tell(input.flowRunId);
        return begun;
      },
      planStep: (input) => flows.planStep(input),
      callStep: (input) => flows.callStep(input),
      endStep: (input) => flows.endStep(input),
      undoStep: (input) => flows.undoStep(input),
      reportFlow: (input) => flows.reportFlow(input),
      endFlow: async (input) => {
        const ended = await flows.endFlow(input);
        this.ends.tell(input.flowRunId);
        return ended;
      },
      fireFlow: (input) => flows.fireFlow(input),
    };
  }

  private toldStep(runId: string, step: ActionStep): ActionStep {
    if (step.status === 'done') this.ends.tell(runId);
    return step;
  }
}
