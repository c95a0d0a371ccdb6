import { Inject, Injectable } from '@nestjs/common';
import { startScheduledRunInputSchema, type StartScheduledRunInput } from '../../libs/contracts/activities.schema.js';
import type { RunControl } from '../../libs/contracts/run-control.port.js';
import type { StartScheduledRunResult, SyncActivities } from '../../libs/contracts/workflows.js';
import { startScheduledRun } from '../../libs/runs/index.js';
import type { Pool } from '../../libs/store/index.js';
import { withFailures } from '../support/failures.js';
import { POOL, RUN_CONTROL } from '../tokens.js';

/** What schedules do. */
@Injectable()
export class ScheduleActivities implements Pick<SyncActivities, 'startScheduledRun'> {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(RUN_CONTROL) private readonly runs: RunControl,
  ) {}

  async startScheduledRun(input: StartScheduledRunInput): Promise<StartScheduledRunResult> {
    const request = startScheduledRunInputSchema.parse(input);
    return withFailures(() => startScheduledRun({ db: this.pool, runs: this.runs }, request));
  }
}
