import type { Expression } from './ast.js';
import { TemplateSyntaxError } from './errors.js';
import type { Token } from './lexer.js';
import { float, integer } from './values.js';

type Binary = Extract<Expression, { kind: 'binary' }>['operator'];
const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
const RESERVED = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);
const CONSTANTS: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};
const MAX_DEPTH = 60;

/** Jinja's expression grammar, by its own precedence: choice, or, and, not, comparison, + -, ~, * / // %, **, unary, postfix, filters and tests. */
export class ExpressionParser {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get current(): Token {
    return this.tokens[this.at] as Token;
  }

  /** The next token, if it is this operator or word; consumed. */
  accept(text: string): boolean {
    const { kind } = this.current;
    if (this.current.text !== text || kind === 'string' || kind === 'end') return false;
    this.at++;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}"`);
  }

  name(): string {
    const { kind, text } = this.current;
    if (kind !== 'name') throw this.unexpected('a name');
    this.at++;
    return text;
  }

  end(): void {
    if (this.current.kind !== 'end') throw this.unexpected('the end');
  }

  /** A whole expression; `1, 2` without brackets is a tuple. */
  expression(): Expression {
    const first = this.choice();
    if (this.current.text !== ',' || this.current.kind !== 'operator') return first;
    const items = [first];
    while (this.accept(',')) {
      if ((this.current.kind as string) === 'end') break;
      items.push(this.choice());
    }
    return { kind: 'tuple', items };
  }

  private choice(): Expression {
    if (++this.depth > MAX_DEPTH) throw new TemplateSyntaxError('the expression is nested too deeply', this.current.offset);
    let value = this.or();
    while (this.accept('if')) {
      const condition = this.or();
      value = { kind: 'choice', condition, then: value, otherwise: this.accept('else') ? this.choice() : null };
    }
    this.depth--;
    return value;
  }

  private or(): Expression {
    return this.leftToRight(['or'], () => this.and());
  }
  private and(): Expression {
    return this.leftToRight(['and'], () => this.not());
  }
  private not(): Expression {
    if (!this.accept('not')) return this.comparison();
    return { kind: 'unary', operator: 'not', operand: this.nested(() => this.not()) };
  }

  private comparison(): Expression {
    const first = this.sum();
    const rest: [string, Expression][] = [];
    for (;;) {
      const { text, kind } = this.current;
      if (kind === 'operator' && COMPARISONS.has(text)) {
        this.at++;
        rest.push([text, this.sum()]);
      } else if (this.accept('in')) rest.push(['in', this.sum()]);
      else if (kind === 'name' && text === 'not' && this.tokens[this.at + 1]?.text === 'in') {
        this.at += 2;
        rest.push(['not in', this.sum()]);
      } else return rest.length === 0 ? first : { kind: 'compare', first, rest };
    }
  }

  private sum(): Expression {
    return this.leftToRight(['+', '-'], () => this.leftToRight(['~'], () => this.product()));
  }
  private product(): Expression {
    return this.leftToRight(['*', '/', '//', '%'], () => this.leftToRight(['**'], () => this.unary(true)));
  }

  private leftToRight(operators: Binary[], next: () => Expression): Expression {
    let left = next();
    for (;;) {
      const operator = operators.find((known) => this.accept(known));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: next() };
    }
  }

  private unary(withFilters: boolean): Expression {
    const { offset } = this.current;
    const operator = (['-', '+'] as const).find((known) => this.accept(known));
    let value: Expression =
      operator === undefined ? this.primary() : { kind: 'unary', operator, operand: this.nested(() => this.unary(false)) };
    value = this.postfix(value);
    return withFilters ? this.filters(value, offset) : value;
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new TemplateSyntaxError('the expression is nested too deeply', this.current.offset);
    const value = read();
    this.depth--;
    return value;
  }

  private primary(): Expression {
    const token = this.current;
    if (token.kind === 'name' && !RESERVED.has(token.text)) {
      this.at++;
      return Object.hasOwn(CONSTANTS, token.text)
        ? { kind: 'literal', value: CONSTANTS[token.text] }
        : { kind: 'name', name: token.text, offset: token.offset };
    }
    if (token.kind === 'number') {
      this.at++;
      const text = String(token.value);
      return { kind: 'literal', value: /[.eE]/.test(text) ? float(Number(text)) : integer(BigInt(text)) };
    }
    if (token.kind === 'string') {
      let text = '';
      for (; this.current.kind === 'string'; this.at++) text += String(this.current.value);
      return { kind: 'literal', value: text };
    }
    if (this.accept('(')) {
      if (this.accept(')')) return { kind: 'tuple', items: [] };
      const first = this.choice();
      if (this.accept(')')) return first;
      this.expect(',');
      return { kind: 'tuple', items: [first, ...this.items(')')] };
    }
    if (this.accept('[')) return { kind: 'list', items: this.items(']') };
    if (this.accept('{')) return this.dict();
    throw this.unexpected('a value');
  }

  private items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.accept(end)) {
      items.push(this.choice());
      if (!this.accept(',')) {
        this.expect(end);
        break;
      }
    }
    return items;
  }

  private dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.accept('}')) {
      const key = this.choice();
      this.expect(':');
      entries.push([key, this.choice()]);
      if (!this.accept(',')) {
        this.expect('}');
        break;
      }
    }
    return { kind: 'dict', entries };
  }

  private postfix(start: Expression): Expression {
    let target = start;
    for (;;) {
      if (this.accept('.')) {
        const { kind, text } = this.current;
        target = kind === 'number' ? { kind: 'index', target, index: this.primary() } : { kind: 'attribute', target, name: text };
        if (kind !== 'number') this.name();
      } else if (this.accept('[')) target = this.subscript(target);
      else if (this.accept('(')) target = { kind: 'call', target, ...this.argumentList() };
      else return target;
    }
  }

  private subscript(target: Expression): Expression {
    const from = this.current.text === ':' ? null : this.choice();
    if (!this.accept(':')) {
      this.expect(']');
      return { kind: 'index', target, index: from as Expression };
    }
    const to = this.current.text === ']' ? null : this.choice();
    this.expect(']');
    return { kind: 'slice', target, from, to };
  }

  private argumentList(): { args: Expression[]; named: [string, Expression][] } {
    const args: Expression[] = [];
    const named: [string, Expression][] = [];
    while (!this.accept(')')) {
      if (this.current.kind === 'name' && this.tokens[this.at + 1]?.text === '=') {
        const name = this.name();
        this.at++;
        named.push([name, this.choice()]);
      } else args.push(this.choice());
      if (!this.accept(',')) {
        this.expect(')');
        break;
      }
    }
    return { args, named };
  }

  private filters(start: Expression, offset: number): Expression {
    let target = start;
    for (;;) {
      if (this.accept('|')) {
        const { offset: at } = this.current;
        const name = this.name();
        target = {
          kind: 'filter',
          name,
          target,
          offset: at,
          ...(this.accept('(') ? this.argumentList() : { args: [], named: [] }),
        };
      } else if (this.current.kind === 'name' && this.accept('is')) {
        const negated = this.accept('not');
        const name = this.name();
        target = { kind: 'test', name, target, negated, offset, args: this.testArguments() };
      } else if (this.accept('(')) target = { kind: 'call', target, ...this.argumentList() };
      else return target;
    }
  }

  private testArguments(): Expression[] {
    if (this.accept('(')) return this.argumentList().args;
    const { kind, text } = this.current;
    const starts =
      kind === 'string' || kind === 'number' || (kind === 'name' && !RESERVED.has(text)) || text === '[' || text === '{';
    return starts && kind !== 'end' ? [this.postfix(this.primary())] : [];
  }

  private unexpected(wanted: string): TemplateSyntaxError {
    const { kind, text, offset } = this.current;
    return new TemplateSyntaxError(
      `expected ${wanted}, found ${kind === 'end' ? 'the end' : kind === 'string' ? 'a text' : `"${text}"`}`,
      offset,
    );
  }
}
