import type { FlowDefinition } from '../../contracts/flow.schema.js';
import { SluiceError } from '../../errors/index.js';
import type { FlowVersionRow } from '../../store/index.js';
import type { ExpressionSandbox } from '../expressions/expression-sandbox.js';
import { expressionError } from './check-flow.js';
import type { Expression } from './mapping.js';
import { placesOf } from './places.js';

const REMEMBERED = 200;

/** A version of a flow, ready to be evaluated. */
export class FlowProgram {
  private constructor(
    readonly definition: FlowDefinition,
    readonly connections: Readonly<Record<string, string>>,
    private readonly sandbox: Pick<ExpressionSandbox, 'evaluate'>,
    /** Steps that an expression looks at, by path; null: at all that are over. */
    private readonly uses: ReadonlyMap<string, readonly string[] | null>,
  ) {}

  static async of(row: Pick<FlowVersionRow, 'definition' | 'connections'>, sandbox: ExpressionSandbox): Promise<FlowProgram> {
    const { definition, connections } = row;
    const places = placesOf(definition);
    const checked = await sandbox.check(places);
    const uses = new Map(
      places.map(({ path }, index) => {
        const result = checked[index];
        return [path, result?.ok === true ? result.steps : null] as const;
      }),
    );
    return new FlowProgram(definition, connections, sandbox, uses);
  }

  /** Steps whose results these expressions look at; null: all. */
  stepsOf(expressions: readonly Expression[]): readonly string[] | null {
    const found = new Set<string>();
    for (const { path } of expressions) {
      const steps = this.uses.get(path);
      if (steps === null || steps === undefined) return null;
      for (const step of steps) found.add(step);
    }
    return [...found];
  }

  /** The values of expressions by path. Errors: FLOW_EXPRESSION_FAILED with every one that failed, and its place. */
  async evaluate(expressions: readonly Expression[], context: unknown): Promise<ReadonlyMap<string, unknown>> {
    if (expressions.length === 0) return new Map();
    const results = await this.sandbox.evaluate(context, expressions);
    const errors = expressions.flatMap((expression, index) => {
      const result = results[index];
      return result === undefined || result.ok ? [] : [expressionError(expression, result)];
    });
    const [first] = errors;
    if (first !== undefined)
      throw new SluiceError('FLOW_EXPRESSION_FAILED', { detail: `${first.path}: ${first.message}`, errors });
    return new Map(
      expressions.map(({ path }, index) => {
        const result = results[index];
        return [path, result?.ok === true ? result.value : undefined] as const;
      }),
    );
  }
}

/** Programs of a process, by flow and version, which never change. */
export class FlowPrograms {
  private readonly known = new Map<string, Promise<FlowProgram>>();

  constructor(private readonly sandbox: ExpressionSandbox) {}

  of(row: FlowVersionRow): Promise<FlowProgram> {
    const key = `${row.flowId} ${row.version}`;
    let program = this.known.get(key);
    if (program === undefined) {
      if (this.known.size >= REMEMBERED) this.known.clear();
      program = FlowProgram.of(row, this.sandbox);
      program.catch(() => this.known.delete(key));
      this.known.set(key, program);
    }
    return program;
  }
}
