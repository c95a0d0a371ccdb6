import type { FlowStepInput } from '../../contracts/flow-activities.schema.js';
import { failedFlowCalls, finishFlowStep, getFlowStep, type RunError } from '../../store/index.js';
import type { FlowPorts } from './flow-ports.js';

/** Writes down how a step ended: it failed where one of its calls did. */
export async function endStep({ pool }: FlowPorts, key: FlowStepInput): Promise<{ status: 'succeeded' | 'failed' }> {
  const { failed, item, error } = await failedFlowCalls(pool, key);
  const step = await getFlowStep(pool, key);
  const why: RunError | null =
    failed === 0
      ? null
      : {
          ...(error ?? { code: 'INTERNAL' }),
          details: { ...error?.details, ...(step?.items == null ? {} : { item, failed_items: failed }) },
        };
  const status = failed === 0 ? 'succeeded' : 'failed';
  await finishFlowStep(pool, { ...key, state: status, error: why });
  return { status };
}
