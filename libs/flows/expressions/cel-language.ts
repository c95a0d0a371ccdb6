import { Environment, type ASTNode, type ParseResult } from '@marcbachmann/cel-js';
import { celNumbers } from './exact-numbers.js';
import type { Checked, Evaluated } from './protocol.js';

const LIMITS = { maxAstNodes: 2_000, maxDepth: 50, maxListElements: 500, maxMapEntries: 200, maxCallArguments: 32 };
/** Everything that a condition may name, wherever it stands. */
const ALL_NAMES = ['run', 'event', 'input', 'steps', 'item', 'index'];

const environments = new Map<string, Environment>();

function environmentOf(names: readonly string[]): Environment {
  const key = names.join();
  const known = environments.get(key);
  if (known !== undefined) return known;
  const made = new Environment({
    ...{ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false, enableOptionalTypes: true },
    limits: LIMITS,
  });
  for (const name of names) made.registerVariable(name, 'dyn');
  environments.set(key, made);
  return made;
}

/** Whether it compiles and may be a condition, and which steps it names. */
export function checkCel(text: string, names: readonly string[]): Checked {
  let parsed: ParseResult;
  try {
    parsed = environmentOf(names).parse(text);
    const { valid, type, error } = parsed.check();
    if (!valid) throw error ?? new Error('is not CEL');
    if (type !== 'bool' && type !== 'dyn')
      return { ok: false, message: `is a condition that gives ${String(type)}, not bool`, position: 1 };
  } catch (error) {
    return { ok: false, message: firstLine(error), position: positionOf(error) };
  }
  const found = { steps: new Set<string>(), all: false };
  collect(parsed.ast, found);
  return { ok: true, steps: found.all ? null : [...found.steps] };
}

export async function evaluateCel(text: string, context: Record<string, unknown>): Promise<Evaluated> {
  try {
    const value: unknown = await environmentOf(ALL_NAMES).parse(text)(celNumbers(context) as Record<string, unknown>);
    if (typeof value !== 'boolean') return { ok: false, message: 'does not give true or false', position: null };
    return { ok: true, value: String(value) };
  } catch (error) {
    return { ok: false, message: safeMessage(error), position: positionOf(error) };
  }
}

/** Values of records are named by their types only, except a missing key, which is a name of the condition's own. */
function safeMessage(error: unknown): string {
  const message = firstLine(error);
  return /^(?:No such key|no such overload|Unknown variable|Index out of bounds|No such)/i.test(message)
    ? message
    : 'cannot be evaluated';
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? ((error as { summary?: string }).summary ?? error.message) : 'is not CEL').split('\n')[0] ?? '';

function positionOf(error: unknown): number | null {
  const { range } = error as { range?: { start?: number } };
  return typeof range?.start === 'number' ? range.start + 1 : null;
}

function collect(node: unknown, found: { steps: Set<string>; all: boolean }): void {
  if (Array.isArray(node)) {
    for (const one of node) collect(one, found);
    return;
  }
  if (typeof node !== 'object' || node === null || !('op' in node)) return;
  const { op, args } = node as ASTNode;
  if (op === 'id') {
    if (args === 'steps') found.all = true;
    return;
  }
  const [target, key] = Array.isArray(args) ? (args as unknown[]) : [];
  if (isSteps(target)) {
    const name = op === '.' || op === '.?' ? key : op === '[]' || op === '[?]' ? literal(key) : undefined;
    if (typeof name === 'string') {
      found.steps.add(name);
      return;
    }
  }
  collect(args, found);
}

const isSteps = (node: unknown): boolean => {
  const { op, args } = (node ?? {}) as Partial<ASTNode>;
  return op === 'id' && args === 'steps';
};
const literal = (node: unknown): unknown => {
  const { op, args } = (node ?? {}) as Partial<ASTNode>;
  return op === 'value' ? args : undefined;
};
