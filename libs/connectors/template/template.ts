import { TemplateError, TemplateSyntaxError } from './errors.js';
import { NOT_A_LITERAL, literalEval } from './literal-eval.js';
import { FUNCTIONS } from './library/functions.js';
import { compileExpression, type Evaluate } from './evaluate.js';
import { TemplateLimit, restart } from './meter.js';
import { compileNodes } from './render.js';
import { Locals, type Env, type Scope } from './scope.js';
import type { Expression, Node, Target } from './syntax/ast.js';
import { segments } from './syntax/lexer.js';
import { readStatements } from './syntax/statements.js';
import { undeclaredNames } from './syntax/undeclared.js';
import { isInteger, str } from './values.js';

/** Names that Airbyte offers to templates, somewhere. */
export const TEMPLATE_NAMES: ReadonlySet<string> = new Set(
  (
    'config parameters response record headers next_page_token stream_interval stream_slice stream_partition last_page_size last_record page_size ' +
    'creation_response polling_response download_target components_values stream_template_config raw_schema property value path session_token json_loads request_url query_properties'
  ).split(' '),
);
const MAX_TEMPLATE_LENGTH = 100_000;

/** A compiled template. */
export interface Template {
  readonly source: string;
  /** Nothing in it to evaluate. */
  readonly constant: boolean;
  /** Names it uses. */
  readonly uses: ReadonlySet<string>;
  /** It computes with numbers, so that what it yields may be a page number or an offset. */
  readonly computes: boolean;
  /** The rendered text, without reading it as a literal. Throws TemplateError. */
  render(scope: Scope): string;
  /**
   * What Airbyte makes of it: the rendered text read as a Python literal where it is one. Where a missing value was used or nothing came out,
   * `otherwise` is returned (default: the text rendered again, so it throws). Throws TemplateError.
   */
  evaluate(scope: Scope, otherwise?: unknown): unknown;
  /** What one expression alone yields, as it is: a text stays a text, whatever literal it looks like. Else the rendered text. Throws TemplateError. */
  value(scope: Scope): unknown;
}

/**
 * Throws TemplateSyntaxError, with the offset and reason, for what is no template, and for one that uses a name that is not among `names`
 * (default: those that Airbyte offers somewhere).
 */
export function compileTemplate(source: string, names: ReadonlySet<string> = TEMPLATE_NAMES): Template {
  try {
    return compile(source, names);
  } catch (error) {
    // The stack is used up by thousands of terms in a row.
    if (error instanceof RangeError) throw new TemplateSyntaxError('the template nests too deeply', 0);
    throw error;
  }
}

function compile(source: string, names: ReadonlySet<string>): Template {
  if (source.length > MAX_TEMPLATE_LENGTH)
    throw new TemplateSyntaxError(`the template is longer than ${MAX_TEMPLATE_LENGTH} characters`, 0);
  if (source.includes('stream_state'))
    throw new TemplateSyntaxError(
      'stream_state can no longer be used; use stream_interval',
      source.indexOf('stream_state'),
      'AirbyteTracedException',
    );
  const found = segments(source);
  const nodes = readStatements(found);
  const outside = undeclaredNames(nodes);
  for (const [name, offset] of outside)
    if (!names.has(name) && !FUNCTIONS.has(name) && name !== 'self')
      throw new TemplateSyntaxError(`nothing is called "${name}" here`, offset, 'ValueError');

  const tokens = found.flatMap((segment) => (segment.kind === 'text' ? [] : segment.tokens));
  const uses = new Set([...outside.keys()].filter((name) => names.has(name)));
  const computes =
    tokens.some(({ kind, text }) => kind === 'operator' && ['+', '*', '-'].includes(text)) || uses.has('last_page_size');
  const constant = found.every(({ kind }) => kind === 'text');
  const own = ownNames(nodes);
  const write = compileNodes(nodes, own);
  // A text alone is what it is, once and for all.
  const fixed = constant ? readLiteral(write({ names: {}, nowMs: 0 })) : undefined;

  /** The value of the one expression that the template is, else the text. */
  const value = singleExpression(nodes, own) ?? write;
  const guarded = <T>(scope: Scope, run: (env: Env) => T, strict = false): T | string => {
    restart();
    try {
      return run(own.size === 0 ? scope : { names: scope.names, nowMs: scope.nowMs, locals: new Locals(undefined) });
    } catch (error) {
      if (error instanceof TemplateError && error.kind === 'type' && !strict) return source;
      // An expression of thousands of terms has used up the stack.
      if (error instanceof RangeError) throw new TemplateLimit('the template nests too deeply');
      throw error;
    }
  };
  const render = (scope: Scope): string => guarded(scope, write);
  return {
    source,
    constant,
    uses,
    computes,
    render,
    value: (scope) => (constant ? source : guarded(scope, value, true)),
    evaluate(scope, ...otherwise) {
      if (constant) return fixed;
      try {
        const result = guarded(scope, value);
        // These would be written and read to the same again.
        if (typeof result === 'boolean' || result === null || (typeof result === 'number' && isInteger(result))) return result;
        const text = typeof result === 'string' ? result : str(result);
        if (text !== '') return readLiteral(text);
      } catch (error) {
        if (!(error instanceof TemplateError) || error.kind !== 'undefined') throw error;
        if (otherwise.length === 0) throw error;
      }
      return otherwise.length === 0 ? '' : otherwise[0];
    },
  };
}

function singleExpression(nodes: readonly Node[], own: ReadonlySet<string>): Evaluate | null {
  const [node] = nodes;
  if (node?.kind !== 'print' || nodes.length > 1 || node.expressions.length !== 1) return null;
  return compileExpression(node.expressions[0] as Expression, own);
}

function readLiteral(text: string): unknown {
  const value = literalEval(text);
  return value === NOT_A_LITERAL ? text : value;
}

/** Names that the template sets somewhere, for itself. */
function ownNames(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  const store = (target: Target): void => {
    if (target.kind === 'tuple') target.items.forEach(store);
    else if (target.kind === 'name') names.add(target.name);
  };
  const look = (node: Node): void => {
    switch (node.kind) {
      case 'set':
        return store(node.target);
      case 'capture':
        store(node.target);
        return node.body.forEach(look);
      case 'if':
        return node.branches.forEach(({ body }) => body.forEach(look));
      case 'for':
        store(node.target);
        names.add('loop');
        return [...node.body, ...node.otherwise].forEach(look);
      case 'macro':
      case 'call':
        if (node.kind === 'macro') names.add(node.name);
        ['caller', 'kwargs', 'varargs', ...node.signature.params.map(({ name }) => name)].forEach((name) => names.add(name));
        return node.body.forEach(look);
      case 'with':
        node.assignments.forEach(({ target }) => store(target));
        return node.body.forEach(look);
      case 'filter':
        names.add('');
        return node.body.forEach(look);
      case 'scope':
        return node.body.forEach(look);
      case 'load':
        return node.stores.forEach(store);
      case 'text':
      case 'print':
    }
  };
  nodes.forEach(look);
  return names;
}
