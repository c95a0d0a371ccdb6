import type { PlanStepResult } from '../../contracts/flow-workflow.js';
import { FLOW_LIMITS } from '../../contracts/flow.schema.js';
import { toRunError } from '../../actions/index.js';
import { SluiceError } from '../../errors/index.js';
import { getFlowStep, insertFlowStep, inTransaction, type FlowStepRow } from '../../store/index.js';
import { itemsOf, type Expression } from '../define/mapping.js';
import type { FlowPorts } from './flow-ports.js';
import { contextOf, loadRun, stepOf } from './load-run.js';
import { sealValue } from './sealed-flow.js';

type Plan = Pick<FlowStepRow, 'state' | 'items' | 'error'> & { values: readonly unknown[] };
const SKIPPED: Plan = { state: 'skipped', items: null, error: null, values: [] };

/** Decides, once, whether a step is made and for which items. */
export async function planStep(
  ports: FlowPorts,
  { flowRunId, step: id }: { flowRunId: string; step: string },
): Promise<PlanStepResult> {
  const known = await getFlowStep(ports.pool, { flowRunId, step: id });
  if (known !== null) return resultOf(known);
  const loaded = await loadRun(ports, flowRunId);
  const { index } = stepOf(loaded.program, id);
  const plan = await decide(ports, loaded, id);
  const { run } = loaded;
  const seal = (value: unknown): Buffer | null => (plan.items === null ? null : sealValue(ports.secrets, run, value));
  await inTransaction(ports.pool, (tx) =>
    insertFlowStep(tx, { flowRunId, step: id, position: index, ...plan, values: plan.values.map(seal) }),
  );
  return resultOf((await getFlowStep(ports.pool, { flowRunId, step: id })) ?? plan);
}

async function decide(ports: FlowPorts, loaded: Awaited<ReturnType<typeof loadRun>>, id: string): Promise<Plan> {
  const { program } = loaded;
  const { step, path } = stepOf(program, id);
  const evaluate = async (expression: Expression): Promise<unknown> =>
    (await program.evaluate([expression], await contextOf(ports, loaded, [expression]))).get(expression.path);
  try {
    if (step.if !== undefined && (await evaluate({ path: `${path}/if`, language: 'cel', text: step.if })) !== true)
      return SKIPPED;
    if (step.forEach === undefined) return { state: 'running', items: null, error: null, values: [null] };
    const list = await evaluate({ path: `${path}/forEach`, language: 'jsonata', text: step.forEach });
    const values = itemsOf(list);
    if (values.length > FLOW_LIMITS.items)
      throw new SluiceError('FLOW_EXPRESSION_FAILED', {
        detail: `${path}/forEach gives ${values.length} items`,
        errors: [{ path: `${path}/forEach`, message: `gives ${values.length} items; at most ${FLOW_LIMITS.items} are allowed` }],
      });
    return { state: values.length === 0 ? 'succeeded' : 'running', items: values.length, error: null, values };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.retryable) throw error;
    return { state: 'failed', items: null, error: toRunError(error), values: [] };
  }
}

function resultOf({ state, items }: Pick<FlowStepRow, 'state' | 'items'>): PlanStepResult {
  switch (state) {
    case 'running':
      return { status: 'ready', items: items ?? 1 };
    case 'failed':
      return { status: 'failed' };
    case 'succeeded':
    case 'skipped':
      return { status: 'closed' };
    default: {
      const never: never = state;
      throw new Error(`unknown state ${String(never)}`);
    }
  }
}
