import type { ActionPreview } from '../contracts/action.port.js';
import type { DryRunView } from '../contracts/flow-view.schema.js';
import type { FlowDefinition } from '../contracts/flow.schema.js';
import type { JsonObject, JsonValue } from '../contracts/json.js';
import { SluiceError, type FieldError } from '../errors/index.js';
import { isObject } from '../json/index.js';
import type { FlowVersionRow } from '../store/index.js';
import { NIL_UUID } from '../uuid/index.js';
import { FlowProgram } from './define/flow-program.js';
import { fillMapping, itemsOf, mappingExpressions, type Expression } from './define/mapping.js';
import type { ExpressionSandbox } from './expressions/expression-sandbox.js';

/** Of a step. */
const SHOWN_CALLS = 20;

export interface DryRunRequest {
  version: Pick<FlowVersionRow, 'definition' | 'connections'>;
  /** `{input}` or `{event}`. */
  given: Readonly<Record<string, unknown>>;
  /** Samples of what steps give. */
  results: Readonly<Record<string, unknown>>;
}

export interface DryRunPorts {
  sandbox: ExpressionSandbox;
  /** The request that a call would be. Errors: those of Actions.preview, of checking the input, of opening the connection. */
  preview(call: { connectionId: string; action: string; input: JsonObject }): Promise<ActionPreview>;
}

type DryStep = DryRunView['steps'][number];
type DryCall = DryStep['calls'][number];

/** What a flow would do with an input or event; nothing is called and nothing stored. A step that would fail, and is not to be passed over, is the last. */
export async function dryRun({ version, given, results }: DryRunRequest, ports: DryRunPorts): Promise<DryRunView> {
  const program = await FlowProgram.of(version, ports.sandbox);
  const { definition, connections } = version;
  const steps: Record<string, unknown> = {};
  const run = { id: NIL_UUID, flow: definition.name, started_at: new Date().toISOString() };
  const dry = new DryRun(program, { run, ...given, steps }, (call) => ports.preview(call), connections);
  const view: DryRunView = { runs: true, steps: [], response: null, errors: [] };
  if (definition.when !== undefined) {
    const { value, errors } = await dry.one({ path: '/when', language: 'cel', text: definition.when });
    view.errors.push(...errors);
    view.runs = value === true;
  }
  if (!view.runs) return view;
  for (const [index, step] of definition.steps.entries()) {
    const made = await dry.step(step, index);
    view.steps.push(made);
    const state = { would_run: 'succeeded', skipped: 'skipped', would_fail: 'failed' }[made.outcome];
    const error = made.outcome === 'would_fail' ? { code: 'VALIDATION_FAILED' } : null;
    steps[step.id] = { state, result: made.outcome === 'would_run' ? (results[step.id] ?? null) : null, error };
    if (made.outcome === 'would_fail' && step.onError !== 'continue') return view;
  }
  if (definition.respond !== undefined) {
    const { value, errors } = await dry.mapping(definition.respond, '/respond', {});
    view.errors.push(...errors);
    view.response = value ?? null;
  }
  return view;
}

class DryRun {
  constructor(
    private readonly program: FlowProgram,
    private readonly context: Readonly<Record<string, unknown>>,
    private readonly preview: DryRunPorts['preview'],
    private readonly connections: Readonly<Record<string, string>>,
  ) {}

  async one(expression: Expression): Promise<{ value: unknown; errors: FieldViews }> {
    return caught(async () => (await this.program.evaluate([expression], this.context)).get(expression.path));
  }

  async mapping(mapping: JsonValue, path: string, more: object): Promise<{ value: unknown; errors: FieldViews }> {
    return caught(async () => {
      const values = await this.program.evaluate(mappingExpressions(mapping, path), { ...this.context, ...more });
      return fillMapping(mapping, path, values);
    });
  }

  async step(step: FlowDefinition['steps'][number], index: number): Promise<DryStep> {
    const path = `/steps/${index}`;
    const { id, connection, action } = step;
    const made = { id, connection, action, items: null, calls: [], errors: [] };
    if (step.if !== undefined) {
      const { value, errors } = await this.one({ path: `${path}/if`, language: 'cel', text: step.if });
      if (errors.length > 0) return { ...made, outcome: 'would_fail', errors };
      if (value !== true) return { ...made, outcome: 'skipped' };
    }
    let items: readonly unknown[] | null = null;
    if (step.forEach !== undefined) {
      const { value, errors } = await this.one({ path: `${path}/forEach`, language: 'jsonata', text: step.forEach });
      if (errors.length > 0) return { ...made, outcome: 'would_fail', errors };
      items = itemsOf(value);
    }
    const calls: DryCall[] = [];
    for (const [number, item] of (items ?? [null]).slice(0, SHOWN_CALLS).entries())
      calls.push(await this.call(step, path, number, items === null ? {} : { item, index: number }));
    const outcome = calls.some(({ errors }) => errors.length > 0) ? 'would_fail' : 'would_run';
    return { ...made, outcome, items: items?.length ?? null, calls };
  }

  private async call(step: FlowDefinition['steps'][number], path: string, item: number, more: object): Promise<DryCall> {
    const { value: input, errors } = await this.mapping(step.input, `${path}/input`, more);
    if (errors.length > 0) return { item, input: null, request: null, errors };
    if (!isObject(input)) {
      const error = { path: `${path}/input`, message: 'must give an object: the input of the action' };
      return { item, input: input ?? null, request: null, errors: [error] };
    }
    const connectionId = this.connections[step.connection] ?? '';
    const preview = await caught(() => this.preview({ connectionId, action: step.action, input: input as JsonObject }));
    return { item, input, request: preview.value ?? null, errors: preview.errors };
  }
}

type FieldViews = DryRunView['errors'];

/** What would fail a step is shown; what is our own trouble is thrown. */
async function caught<T>(work: () => Promise<T>): Promise<{ value: T | undefined; errors: FieldViews }> {
  try {
    return { value: await work(), errors: [] };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.retryable) throw error;
    const errors: readonly FieldError[] =
      error.errors.length > 0 ? error.errors : [{ path: '', message: error.detail ?? error.message }];
    return {
      value: undefined,
      errors: errors.map(({ allowed, ...one }) => ({ ...one, ...(allowed === undefined ? {} : { allowed: [...allowed] }) })),
    };
  }
}
