import { randomUUID } from 'node:crypto';
import type { StartScheduledRunInput } from '../contracts/activities.schema.js';
import type { RunControl } from '../contracts/run-control.port.js';
import { syncWorkflowId, type StartScheduledRunResult } from '../contracts/workflows.js';
import { SluiceError } from '../errors/index.js';
import { appendRunLog, findScheduledRun, insertSkippedRun, type Db } from '../store/index.js';

/** What a schedule's firing does, by the same path as REST. Idempotent for the time that the schedule named. */
export async function startScheduledRun(
  { db, runs }: { db: Db; runs: Pick<RunControl, 'start'> },
  { workspaceId, syncId, overlap, scheduledFor }: StartScheduledRunInput,
): Promise<StartScheduledRunResult> {
  const time = new Date(scheduledFor);
  const earlier = await findScheduledRun(db, { syncId, scheduledFor: time });
  if (earlier !== null) return { status: earlier.state === 'skipped' ? 'skipped' : 'started' };
  try {
    await runs.start({ workspaceId, syncId, trigger: 'schedule', scheduledFor: time });
    return { status: 'started' };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.code === 'NOT_FOUND') return { status: 'gone' };
    if (error.code !== 'RUN_ACTIVE') throw error;
    if (overlap === 'wait') return { status: 'active' };
  }
  const id = randomUUID();
  const request = {
    id,
    workspaceId,
    syncId,
    lane: 'live',
    trigger: 'schedule' as const,
    workflowId: syncWorkflowId(id),
    scheduledFor: time,
    resets: [],
  };
  if ((await insertSkippedRun(db, request)) === null) return { status: 'gone' };
  await appendRunLog(db, { runId: id, level: 'info', code: 'run.skipped', message: 'another run of the sync was active' });
  return { status: 'skipped' };
}
