import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { SYNC_TASK_QUEUE } from '../contracts/workflows.js';
import { verifyWorkflowId, type VerifyWorkflowInput, type VerifyWorkflowResult } from '../contracts/verify-workflow.js';
import { SluiceError } from '../errors/index.js';
import {
  endVerification,
  insertVerification,
  inTransaction,
  listActiveVerifications,
  listVerificationStreams,
  lockSync,
  type Pool,
  type VerificationRow,
} from '../store/index.js';
import { startOnce, type TemporalClient } from '../temporal/temporal-client.js';
import { inQuietLane } from './quiet-lane.js';

type VerifyWorkflow = (input: VerifyWorkflowInput) => Promise<VerifyWorkflowResult>;

interface Ports {
  pool: Pool;
  temporal: TemporalClient;
}

/** Errors: NOT_FOUND, RUN_ACTIVE (`source` only), VERIFICATION_ACTIVE, TEMPORAL_UNAVAILABLE. */
export async function startVerification(
  { pool, temporal }: Ports,
  request: { workspaceId: string; syncId: string; streams: readonly string[]; source: boolean; repair: boolean },
): Promise<VerificationRow> {
  const { workspaceId, syncId, streams, source, repair } = request;
  const id = randomUUID();
  const rest = { id, workspaceId, syncId, source, repair, streams, workflowId: verifyWorkflowId(id) };
  const row = source
    ? await inQuietLane(pool, { workspaceId, syncId, lane: 'live' }, ({ sync, tx }) =>
        insertVerification(tx, { ...rest, epoch: sync.epoch }),
      )
    : await inTransaction(pool, async (tx) => {
        const sync = await lockSync(tx, { workspaceId, id: syncId });
        if (sync === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such sync' });
        return insertVerification(tx, { ...rest, epoch: sync.epoch });
      });
  try {
    await startWorkflow(temporal, row, streams);
  } catch (error) {
    await endVerification(pool, { id, state: 'failed', error: { code: error instanceof SluiceError ? error.code : 'INTERNAL' } });
    throw error;
  }
  return row;
}

async function startWorkflow(temporal: TemporalClient, row: VerificationRow, streams: readonly string[]): Promise<void> {
  await temporal.call((client) =>
    startOnce<VerifyWorkflow>(client, 'verifyWorkflow', {
      taskQueue: SYNC_TASK_QUEUE,
      workflowId: row.workflowId,
      args: [{ verificationId: row.id, streams }],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: 'verification',
      priority: { priorityKey: 4 },
    }),
  );
}

/** Starts verifications whose start was lost, and closes those whose workflow is gone. Returns the ids of what it closed. */
export async function reconcileVerifications(
  { pool, temporal }: Ports,
  { olderThanMs }: { olderThanMs: number },
): Promise<string[]> {
  const closed: string[] = [];
  for (const row of await listActiveVerifications(pool, { olderThanMs, limit: 100 })) {
    const state = await temporal.call(async (client) => {
      try {
        return (await client.workflow.getHandle(row.workflowId).describe()).status.name;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'ABSENT';
        throw error;
      }
    });
    if (state === 'RUNNING') continue;
    const streams = await listVerificationStreams(pool, { id: row.id });
    const begun = streams.some((stream) => stream.state !== 'pending');
    if (state === 'ABSENT' && !begun) {
      await startWorkflow(
        temporal,
        row,
        streams.map(({ stream }) => stream),
      );
      continue;
    }
    await endVerification(pool, { id: row.id, state: 'failed', error: { code: 'RUN_LOST' } });
    closed.push(row.id);
  }
  return closed;
}
