import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowFact } from './run-verdict.policy.js';

/** Looks a run's workflow up. Errors are the client's own. */
export async function workflowFact(client: Client, workflowId: string): Promise<WorkflowFact> {
  try {
    const { status, runId } = await client.workflow.getHandle(workflowId).describe();
    if (status.name === 'RUNNING') return { kind: 'running', wasReset: await wasReset(client, workflowId, runId) };
    if (status.name === 'COMPLETED' || status.name === 'CANCELLED') return { kind: 'closed', status: status.name };
    return { kind: 'closed', status: 'OTHER' };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'absent' };
    throw error;
  }
}

/** A reset execution begins with a copy of its origin's first event, which names another execution than itself. */
async function wasReset(client: Client, workflowId: string, runId: string): Promise<boolean> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const original = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId;
  return typeof original === 'string' && original !== '' && original !== runId;
}
