import type { RunRow } from '../store/index.js';

/** What Temporal knows of a run's workflow. */
export type WorkflowFact =
  | { kind: 'absent' }
  | { kind: 'running'; /** Somebody reset it: what it does again was done before. */ wasReset: boolean }
  | { kind: 'closed'; status: 'COMPLETED' | 'CANCELLED' | 'OTHER' };

export type RunVerdict = 'leave' | 'start' | 'lost' | 'lost_and_terminate' | 'cancelled';

/**
 * What is to be done about an active run. A run that never began and has no workflow is started, once whoever inserted it has had
 * `startAfterMs` to do so. Whatever else has no working workflow is lost: its end would have been written before the workflow closed.
 */
export function judgeRun(
  run: Pick<RunRow, 'state' | 'firstExecutionId' | 'createdAt'>,
  fact: WorkflowFact,
  { now, startAfterMs }: { now: Date; startAfterMs: number },
): RunVerdict {
  switch (fact.kind) {
    case 'running':
      return fact.wasReset ? 'lost_and_terminate' : 'leave';
    case 'closed':
      return fact.status === 'CANCELLED' || run.state === 'cancelling' ? 'cancelled' : 'lost';
    case 'absent':
      if (run.state === 'cancelling') return 'cancelled';
      if (run.state !== 'queued' || run.firstExecutionId !== null) return 'lost';
      return now.getTime() - run.createdAt.getTime() < startAfterMs ? 'leave' : 'start';
  }
}
