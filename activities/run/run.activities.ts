import { Inject, Injectable } from '@nestjs/common';
import {
  beginRunInputSchema,
  endRunInputSchema,
  finishStreamInputSchema,
  reportRunInputSchema,
  type BeginRunInput,
  type EndRunInput,
  type FinishStreamInput,
  type ReportRunInput,
} from '../../libs/contracts/activities.schema.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import type { BeginRunResult, FinishStreamResult, SyncActivities, SyncSettings } from '../../libs/contracts/workflows.js';
import type { SecretBox } from '../../libs/secrets/index.js';
import { appendRunLog, setRunWaiting, transitionRun, type Pool, type RunWaiting } from '../../libs/store/index.js';
import { withFailures } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { CONNECTION_OPENER, POOL, SECRETS, SYNC_SETTINGS } from '../tokens.js';
import { beginRun } from './begin-run.js';
import { endRun } from './end-run.js';
import { finishStream } from './finish-stream.js';

/** The life of a run: what happens before, between and after the moving of data. */
@Injectable()
export class RunActivities implements Pick<SyncActivities, 'beginRun' | 'finishStream' | 'reportRun' | 'endRun'> {
  constructor(
    @Inject(POOL) readonly pool: Pool,
    @Inject(CONNECTION_OPENER) readonly opener: ConnectionOpener,
    @Inject(SYNC_SETTINGS) readonly settings: SyncSettings,
    @Inject(SECRETS) readonly secrets: SecretBox,
  ) {}

  async beginRun(input: BeginRunInput): Promise<BeginRunResult> {
    const { runId } = beginRunInputSchema.parse(input);
    return withFailures(() => withHeartbeat(() => beginRun(this, runId)));
  }

  async finishStream(input: FinishStreamInput): Promise<FinishStreamResult> {
    const { runId, stream } = finishStreamInputSchema.parse(input);
    return withFailures(() => withHeartbeat(() => finishStream(this, runId, stream)));
  }

  async reportRun(input: ReportRunInput): Promise<void> {
    const { runId, state, until } = reportRunInputSchema.parse(input);
    const waiting: RunWaiting | undefined =
      until === undefined ? undefined : { reason: 'rate_limited', until: new Date(until).toISOString() };
    await withFailures(async () => {
      const moved = await transitionRun(this.pool, { id: runId, to: state, ...(waiting === undefined ? {} : { waiting }) });
      if (moved !== null)
        await appendRunLog(this.pool, { runId, level: 'info', code: `run.${state}`, message: wordsFor(state, waiting) });
      else if (waiting !== undefined) await setRunWaiting(this.pool, { id: runId, waiting });
    });
  }

  async endRun(input: EndRunInput): Promise<void> {
    const ending = endRunInputSchema.parse(input);
    await withFailures(() => endRun(this, ending));
  }
}

function wordsFor(state: ReportRunInput['state'], waiting: RunWaiting | undefined): string {
  switch (state) {
    case 'running':
      return 'the run goes on';
    case 'paused':
      return 'the run is paused; everything read so far is committed';
    case 'rate_limited':
      return `the source's budget is used up; the run goes on at ${waiting?.until ?? 'a later time'}`;
  }
}
