import type { BeginFlowResult, FlowOutcome } from '../../contracts/flow-workflow.js';
import { SluiceError } from '../../errors/index.js';
import { endDelivery } from '../../events/index.js';
import { inTransaction, setFlowRunState } from '../../store/index.js';
import { endRunOfFlow, failFlow } from './end-flow.js';
import type { FlowPorts } from './flow-ports.js';
import { contextOf, loadRun, type LoadedRun } from './load-run.js';

/** Reads the run's version and decides whether it does anything. May be asked again, by a continuation too. */
export async function beginFlow(ports: FlowPorts, { flowRunId }: { flowRunId: string }): Promise<BeginFlowResult> {
  let loaded: LoadedRun;
  try {
    loaded = await loadRun(ports, flowRunId);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'NOT_FOUND') throw error;
    await inTransaction(ports.pool, (tx) => endDelivery(tx, { id: flowRunId, state: 'failed', error: 'NOT_FOUND' }));
    return { status: 'closed', outcome: 'failed' };
  }
  const { run, program } = loaded;
  if (run.finishedAt !== null) return { status: 'closed', outcome: run.state as FlowOutcome };
  const { when, steps } = program.definition;
  if (run.state === 'queued') {
    if (when !== undefined) {
      const condition = { path: '/when', language: 'cel' as const, text: when };
      let wanted: unknown;
      try {
        wanted = (await program.evaluate([condition], await contextOf(ports, loaded, [condition]))).get('/when');
      } catch (error) {
        if (!(error instanceof SluiceError) || error.retryable) throw error;
        return { status: 'closed', outcome: await failFlow(ports, run, error) };
      }
      if (wanted !== true)
        return {
          status: 'closed',
          outcome: await inTransaction(ports.pool, (tx) => endRunOfFlow(tx, { id: run.id, state: 'skipped' })),
        };
    }
    await setFlowRunState(ports.pool, { id: run.id, state: 'running' });
  }
  return {
    status: 'ready',
    steps: steps.map(({ id, parallel, onError }) => ({ id, parallel, onError })),
    continueAfterEvents: ports.continueAfterEvents,
  };
}
