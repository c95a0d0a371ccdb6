import { openText } from '../../secrets/index.js';
import { SluiceError } from '../../errors/index.js';
import { parseJson } from '../../json/index.js';
import {
  getFlowRun,
  getFlowVersion,
  listFlowResults,
  listFlowSteps,
  type FlowRunRow,
  type FlowStepRow,
} from '../../store/index.js';
import type { FlowProgram } from '../define/flow-program.js';
import type { Expression } from '../define/mapping.js';
import type { FlowPorts } from './flow-ports.js';
import { runOfDelivery } from './run-of-delivery.js';
import { openValue } from './sealed-flow.js';

export interface LoadedRun {
  run: FlowRunRow;
  program: FlowProgram;
}

/** A run with the version that it keeps. Errors: NOT_FOUND. */
export async function loadRun(ports: FlowPorts, id: string): Promise<LoadedRun> {
  const run = (await getFlowRun(ports.pool, { id })) ?? (await runOfDelivery(ports, id));
  return { run, program: await programOf(ports, run) };
}

async function programOf(ports: FlowPorts, { flowId, flowVersion }: FlowRunRow): Promise<FlowProgram> {
  const version = await getFlowVersion(ports.pool, { flowId, version: flowVersion });
  if (version === null) throw new SluiceError('INTERNAL', { detail: 'a run of a flow without its version' });
  return ports.programs.of(version);
}

/** The step of a run's version. */
export function stepOf({ definition }: FlowProgram, id: string) {
  const index = definition.steps.findIndex((step) => step.id === id);
  const step = definition.steps[index];
  if (step === undefined) throw new SluiceError('INTERNAL', { detail: `the flow has no step ${id}` });
  return { step, index, path: `/steps/${index}` };
}

/** What expressions see: the input or event, and of the steps that they look at what became of them. */
export async function contextOf(
  ports: FlowPorts,
  { run, program }: LoadedRun,
  expressions: readonly Expression[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const given = openValue(ports.secrets, run, run.input) as Record<string, unknown>;
  const about = { id: run.id, flow: program.definition.name, started_at: run.createdAt.toISOString() };
  const wanted = program.stepsOf(expressions);
  if (wanted !== null && wanted.length === 0) return { run: about, ...given, steps: {}, ...more };
  const rows = await listFlowSteps(ports.pool, { flowRunId: run.id });
  const steps = rows.filter(({ step }) => wanted === null || wanted.includes(step));
  return { run: about, ...given, steps: await stepsContext(ports, run, steps), ...more };
}

async function stepsContext(ports: FlowPorts, run: FlowRunRow, steps: readonly FlowStepRow[]): Promise<Record<string, unknown>> {
  const found = await listFlowResults(ports.pool, { flowRunId: run.id, steps: steps.map(({ step }) => step) });
  const open = ({ result, workspaceId, connectionId }: (typeof found)[number]): unknown =>
    result === null ? null : parseJson(openText(ports.secrets, { workspaceId, connectionId }, result));
  return Object.fromEntries(
    steps.map(({ step, state, items, error }) => {
      const own = found.filter((one) => one.step === step);
      const [first] = own;
      const list = Array.from({ length: items ?? 0 }, (): unknown => null);
      for (const one of own) if (items !== null) list[one.item] = open(one);
      const result = items === null ? (first === undefined ? null : open(first)) : list;
      return [step, { state, result, error: error === null ? null : { code: error.code } }];
    }),
  );
}
