import jsonata from 'jsonata';
import { isObject } from '../../json/index.js';
import { MAX_DEPTH, MAX_SEQUENCE, type Checked, type Evaluated } from './protocol.js';

interface JsonataError {
  code?: string;
  message?: string;
  position?: number;
  token?: string;
}

/** In ms, as JSONata counts by itself; whoever started the process ends it where this does not help. */
const TIMEOUT_MS = 1_000;
const OPTIONS = { timeout: TIMEOUT_MS, stack: MAX_DEPTH, sequence: MAX_SEQUENCE };

/** Whether it compiles, and which steps it names. */
export function checkJsonata(text: string, names: readonly string[]): Checked {
  let tree: unknown;
  try {
    tree = jsonata(text, OPTIONS).ast();
  } catch (error) {
    const { message = 'is not JSONata', position } = error as JsonataError;
    return { ok: false, message, position: position ?? null };
  }
  const references = new References(names);
  references.walk(tree, true);
  const { unknown } = references;
  if (unknown !== null)
    return { ok: false, message: `"${unknown.name}" is nothing here; there is ${names.join(', ')}`, position: unknown.position };
  return { ok: true, steps: references.all ? null : [...references.steps] };
}

export async function evaluateJsonata(text: string, context: unknown, maxOutput: number): Promise<Evaluated> {
  try {
    const value: unknown = await jsonata(text, OPTIONS).evaluate(context);
    if (value === undefined) return { ok: true, value: null };
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) return { ok: false, message: 'gives a function, which is no value', position: null };
    if (json.length > maxOutput) return { ok: false, message: `gives more than ${maxOutput} characters`, position: null };
    return { ok: true, value: json };
  } catch (error) {
    const { position } = error as JsonataError;
    return { ok: false, message: safeMessage(error as JsonataError), position: position ?? null };
  }
}

/** In JSONata's own words, without the values that it quotes: they are records. */
function safeMessage({ code, token, message = '' }: JsonataError): string {
  const at = token === undefined ? '' : ` at ${JSON.stringify(token)}`;
  switch (code) {
    case 'D1011':
    case 'U1001':
      return 'calls itself too deep';
    case 'D1012':
      return `takes longer than ${TIMEOUT_MS} ms`;
    case 'D2014':
    case 'D2015':
      return `makes a list of more than ${MAX_SEQUENCE} items`;
    case 'D3137':
      return '$error was called';
    case 'D3141':
      return '$assert failed';
    case undefined:
      return 'fails';
    default:
      // Only these quote nothing but the expression.
      return /^T(?:0410|0411|0412|1005|1006|1007|1008|1010|2001|2002|2003|2004|2006|2008|2010)$|^D(?:30[15]0|3001|301[12]|3020|3040|3070)$/.test(
        code,
      )
        ? message
        : `fails with ${code}${at}`;
  }
}

/** What an expression names at its root: `steps.<id>`, and whatever else is not there. */
class References {
  readonly steps = new Set<string>();
  all = false;
  unknown: { name: string; position: number | null } | null = null;

  constructor(private readonly names: readonly string[]) {}

  /** `root`: whether a name here is one of the root; inside a path's later steps and its filters it is one of an item. */
  walk(node: unknown, root: boolean): void {
    if (Array.isArray(node)) {
      for (const one of node) this.walk(one, root);
      return;
    }
    if (!isObject(node)) return;
    if (node['type'] === 'path' && Array.isArray(node['steps'])) {
      this.path(node['steps'] as Record<string, unknown>[], root);
      this.walk(node['group'], false);
      return;
    }
    // The root itself: whoever has it may look at everything.
    if (node['type'] === 'variable' && (node['value'] === '$' || (node['value'] === '' && root))) this.all = true;
    // What a path does not begin, in wildcards and the like.
    if (root && (node['type'] === 'wildcard' || node['type'] === 'descendant')) this.all = true;
    const isTransform = node['type'] === 'transform';
    for (const [key, inner] of Object.entries(node)) {
      if (key === 'type' || key === 'position' || (key === 'value' && node['type'] !== 'unary')) continue;
      this.walk(inner, root && !isTransform && key !== 'stages' && key !== 'predicate' && key !== 'group');
    }
  }

  private path(steps: readonly Record<string, unknown>[], root: boolean): void {
    const [first, second] = steps;
    const isRoot = first?.['type'] === 'variable' && (first['value'] === '$' || (first['value'] === '' && root));
    const named = isRoot ? second : root ? first : undefined;
    if (named?.['type'] === 'name') this.named(named, steps[isRoot ? 2 : 1]);
    else if (isRoot) this.all = true;
    steps.forEach((step, index) => {
      this.walk(step['stages'], false);
      this.walk(step['predicate'], false);
      if (step['type'] !== 'name' && !(index === 0 && isRoot)) this.walk(step, root && index === 0);
    });
  }

  private named(step: Record<string, unknown>, next: Record<string, unknown> | undefined): void {
    const name = String(step['value']);
    const position = typeof step['position'] === 'number' ? step['position'] : null;
    if (!this.names.includes(name)) this.unknown ??= { name, position };
    else if (name === 'steps') {
      if (next?.['type'] === 'name') this.steps.add(String(next['value']));
      else this.all = true;
    }
  }
}
