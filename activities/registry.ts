import { Inject, Injectable } from '@nestjs/common';
import type { ActionActivities as ActionContract } from '../libs/contracts/action-workflow.js';
import type { FlowActivities as FlowContract } from '../libs/contracts/flow-workflow.js';
import type { SyncActivities } from '../libs/contracts/workflows.js';
import type { VerifyActivities as VerifyContract } from '../libs/contracts/verify-workflow.js';
import { ActionActivities } from './action/action.activities.js';
import { FlowActivities } from './flow/flow.activities.js';
import { MoveActivities } from './move/move.activities.js';
import { RunActivities } from './run/run.activities.js';
import { ScheduleActivities } from './schedule/schedule.activities.js';
import { SnapshotActivities } from './snapshot/snapshot.activities.js';
import { VerifyActivities } from './verify/verify.activities.js';

/** Binds every activity for the worker, under the names that workflows call. */
@Injectable()
export class ActivityRegistry {
  constructor(
    @Inject(RunActivities) private readonly run: RunActivities,
    @Inject(MoveActivities) private readonly move: MoveActivities,
    @Inject(SnapshotActivities) private readonly snapshot: SnapshotActivities,
    @Inject(ScheduleActivities) private readonly schedule: ScheduleActivities,
    @Inject(VerifyActivities) private readonly verify: VerifyActivities,
    @Inject(ActionActivities) private readonly action: ActionActivities,
    @Inject(FlowActivities) private readonly flow: FlowActivities,
  ) {}

  /** Of the task queue of syncs. */
  activities(): Omit<SyncActivities, 'holdSnapshot'> & VerifyContract {
    return {
      beginRun: (input) => this.run.beginRun(input),
      moveChunks: (input) => this.move.moveChunks(input),
      finishStream: (input) => this.run.finishStream(input),
      reportRun: (input) => this.run.reportRun(input),
      endRun: (input) => this.run.endRun(input),
      startScheduledRun: (input) => this.schedule.startScheduledRun(input),
      verifyStream: (input) => this.verify.verifyStream(input),
      failVerifiedStream: (input) => this.verify.failVerifiedStream(input),
      endVerification: (input) => this.verify.endVerification(input),
    };
  }

  /** Of the task queue of snapshots. */
  snapshotActivities(): Pick<SyncActivities, 'holdSnapshot'> {
    return { holdSnapshot: (input) => this.snapshot.holdSnapshot(input) };
  }

  /** Of the task queue of actions. */
  actionActivities(): ActionContract {
    return {
      performAction: (input) => this.action.performAction(input),
      failAction: (input) => this.action.failAction(input),
    };
  }

  /** Of the task queues of flows and of actions. */
  flowActivities(): FlowContract {
    return {
      beginFlow: (input) => this.flow.beginFlow(input),
      planStep: (input) => this.flow.planStep(input),
      callStep: (input) => this.flow.callStep(input),
      endStep: (input) => this.flow.endStep(input),
      undoStep: (input) => this.flow.undoStep(input),
      reportFlow: (input) => this.flow.reportFlow(input),
      endFlow: (input) => this.flow.endFlow(input),
      fireFlow: (input) => this.flow.fireFlow(input),
    };
  }
}
