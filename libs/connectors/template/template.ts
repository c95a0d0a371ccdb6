import type { Node } from './ast.js';
import { TemplateError, TemplateSyntaxError, TemplateUnsupported } from './errors.js';
import { compileExpression, type Evaluate, type Scope } from './evaluate.js';
import { segments, type Segment } from './lexer.js';
import { NOT_A_LITERAL, literalEval } from './literal-eval.js';
import { bounded } from './operators.js';
import { ExpressionParser } from './parser.js';
import { str, truthy } from './values.js';

/** Names that Airbyte offers to templates, somewhere. */
export const TEMPLATE_NAMES: ReadonlySet<string> = new Set(
  (
    'config parameters response record headers next_page_token stream_interval stream_slice stream_partition last_page_size last_record page_size ' +
    'creation_response polling_response download_target components_values raw_schema self property value path session_token json_loads'
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
}

/** Throws TemplateSyntaxError (with the offset) for what is no template, TemplateUnsupported for what is one elsewhere. */
export function compileTemplate(source: string): Template {
  if (source.length > MAX_TEMPLATE_LENGTH)
    throw new TemplateSyntaxError(`the template is longer than ${MAX_TEMPLATE_LENGTH} characters`, 0);
  const found = segments(source);
  const tokens = found.flatMap((segment) => (segment.kind === 'text' ? [] : segment.tokens));
  const uses = new Set(tokens.filter(({ kind, text }) => kind === 'name' && TEMPLATE_NAMES.has(text)).map(({ text }) => text));
  const computes =
    tokens.some(({ kind, text }) => kind === 'operator' && ['+', '*', '-'].includes(text)) || uses.has('last_page_size');
  const constant = tokens.length === 0;
  const write = compileNodes(new NodeReader(found).read());
  const fixed = constant ? readLiteral(write({ names: {}, nowMs: 0 })) : undefined;

  const render = (scope: Scope): string => {
    try {
      return write(scope);
    } catch (error) {
      if (error instanceof TemplateError && error.kind === 'type') return source;
      throw error;
    }
  };
  return {
    source,
    constant,
    uses,
    computes,
    render,
    evaluate(scope, ...otherwise) {
      if (constant) return fixed;
      try {
        const text = render(scope);
        if (text !== '') return readLiteral(text);
      } catch (error) {
        if (!(error instanceof TemplateError) || error.kind !== 'undefined') throw error;
        if (otherwise.length === 0) throw error;
      }
      return otherwise.length === 0 ? '' : otherwise[0];
    },
  };
}

function readLiteral(text: string): unknown {
  const value = literalEval(text);
  return value === NOT_A_LITERAL ? text : value;
}

/** Statements over the cut template: `set` and `if`; loops and macros are not covered. */
class NodeReader {
  private at = 0;

  constructor(private readonly found: readonly Segment[]) {}

  read(): Node[] {
    const nodes = this.body();
    const rest = this.found[this.at];
    if (rest !== undefined)
      throw new TemplateSyntaxError(`"${this.keyword()}" without its beginning`, rest.kind === 'text' ? 0 : rest.offset);
    return nodes;
  }

  /** Until the end or a statement that closes or continues a block. */
  private body(): Node[] {
    const nodes: Node[] = [];
    for (; this.at < this.found.length; this.at++) {
      const segment = this.found[this.at] as Segment;
      if (segment.kind === 'text') nodes.push(segment);
      else if (segment.kind === 'print') {
        const parser = new ExpressionParser(segment.tokens);
        nodes.push({ kind: 'print', expression: parser.expression() });
        parser.end();
      } else {
        const keyword = this.keyword();
        if (keyword === 'set') nodes.push(this.assignment(segment));
        else if (keyword === 'if') nodes.push(this.condition());
        else if (keyword === 'elif' || keyword === 'else' || keyword === 'endif') return nodes;
        else throw new TemplateUnsupported(`the statement "${keyword}" is not covered`, segment.offset);
      }
    }
    return nodes;
  }

  private keyword(): string {
    const segment = this.found[this.at];
    return segment === undefined || segment.kind === 'text' ? '' : (segment.tokens[0]?.text ?? '');
  }

  private assignment(segment: Exclude<Segment, { kind: 'text' }>): Node {
    const parser = new ExpressionParser(segment.tokens.slice(1));
    const name = parser.name();
    if (parser.current.text !== '=') throw new TemplateUnsupported('only "set name = value" is covered', segment.offset);
    parser.expect('=');
    const expression = parser.expression();
    parser.end();
    return { kind: 'set', name, expression };
  }

  private condition(): Node {
    const branches: Extract<Node, { kind: 'if' }>['branches'] = [];
    const opened = this.found[this.at] as Exclude<Segment, { kind: 'text' }>;
    for (;;) {
      const keyword = this.keyword();
      const segment = this.found[this.at];
      if (segment === undefined || segment.kind === 'text') throw new TemplateSyntaxError('"if" is not closed', opened.offset);
      if (keyword === 'endif') return { kind: 'if', branches };
      const parser = new ExpressionParser(segment.tokens.slice(1));
      const condition = keyword === 'else' ? null : parser.expression();
      parser.end();
      this.at++;
      branches.push({ condition, body: this.body() });
    }
  }
}

type Write = (scope: Scope) => string;

function compileNodes(nodes: readonly Node[], names: ReadonlySet<string> = TEMPLATE_NAMES): Write {
  let known = names;
  const steps: ((scope: Scope) => { text: string; scope: Scope })[] = [];
  for (const node of nodes) {
    switch (node.kind) {
      case 'text':
        steps.push((scope) => ({ text: node.text, scope }));
        break;
      case 'print': {
        const evaluate = compileExpression(node.expression, known);
        steps.push((scope) => ({ text: str(evaluate(scope)), scope }));
        break;
      }
      case 'set': {
        const evaluate = compileExpression(node.expression, known);
        known = new Set([...known, node.name]);
        steps.push((scope) => ({ text: '', scope: { ...scope, names: { ...scope.names, [node.name]: evaluate(scope) } } }));
        break;
      }
      case 'if': {
        const branches = node.branches.map(({ condition, body }): { holds: Evaluate; write: Write } => ({
          holds: condition === null ? () => true : compileExpression(condition, known),
          write: compileNodes(body, known),
        }));
        steps.push((scope) => ({ text: branches.find(({ holds }) => truthy(holds(scope)))?.write(scope) ?? '', scope }));
        break;
      }
    }
  }
  return (start) => {
    let text = '';
    let scope = start;
    for (const step of steps) {
      const result = step(scope);
      text = bounded(text + result.text);
      ({ scope } = result);
    }
    return text;
  };
}
