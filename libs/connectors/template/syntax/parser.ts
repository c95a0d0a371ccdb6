import { TemplateSyntaxError } from '../errors.js';
import type { Arguments, Expression, Filter, Operator, Target } from './ast.js';
import type { Token } from './lexer.js';

const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=']);
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);
/** Of the parser's own recursion; each level of an expression takes about ten calls. */
const MAX_DEPTH = 60;

/** Jinja's expression grammar, by its own precedence: choice, or, and, not, comparison, + -, ~, * / // %, **, unary, postfix, filters and tests. */
export class ExpressionParser {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get current(): Token {
    return this.tokens[this.at] as Token;
  }

  private get next(): Token | undefined {
    return this.tokens[this.at + 1];
  }

  is(text: string): boolean {
    const { kind } = this.current;
    return this.current.text === text && (kind === 'name' || kind === 'operator');
  }

  /** The next token, if it is this operator or word; consumed. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
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

  get atEnd(): boolean {
    return this.current.kind === 'end';
  }

  end(): void {
    if (!this.atEnd) throw this.unexpected('the end');
  }

  /** A whole expression; `1, 2` without brackets is a tuple. Ends at the words given, too. */
  tuple(withChoice = true, ends: readonly string[] = []): Expression {
    const items: Expression[] = [];
    let several = false;
    for (;;) {
      if (this.atEnd || this.is(')') || ends.some((end) => this.is(end))) break;
      items.push(withChoice ? this.expression() : this.or());
      if (!this.accept(',')) break;
      several = true;
    }
    const [first] = items;
    if (first !== undefined && !several) return first;
    if (first === undefined) throw this.unexpected('a value');
    return { kind: 'tuple', items };
  }

  expression(): Expression {
    return this.nested(() => {
      let value = this.or();
      while (this.accept('if')) {
        const condition = this.or();
        value = { kind: 'choice', condition, then: value, otherwise: this.accept('else') ? this.expression() : null };
      }
      return value;
    });
  }

  or(): Expression {
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
      else if (this.is('not') && this.next?.text === 'in') {
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

  private leftToRight(operators: Operator[], next: () => Expression): Expression {
    let left = next();
    for (;;) {
      const operator = operators.find((known) => this.accept(known));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: next() };
    }
  }

  private unary(withFilters: boolean): Expression {
    const operator = (['-', '+'] as const).find((known) => this.accept(known));
    const value: Expression =
      operator === undefined ? this.primary() : { kind: 'unary', operator, operand: this.nested(() => this.unary(false)) };
    const whole = this.postfix(value);
    return withFilters ? this.filters(whole) : whole;
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new TemplateSyntaxError('the expression is nested too deeply', this.current.offset);
    const value = read();
    this.depth--;
    return value;
  }

  private primary(): Expression {
    const token = this.current;
    if (token.kind === 'name') {
      this.at++;
      return CONSTANTS.has(token.text)
        ? { kind: 'literal', value: CONSTANTS.get(token.text) }
        : { kind: 'name', name: token.text, offset: token.offset };
    }
    if (token.kind === 'number') {
      this.at++;
      return { kind: 'literal', value: token.value };
    }
    if (token.kind === 'string') {
      let text = '';
      for (; this.current.kind === 'string'; this.at++) text += String(this.current.value);
      return { kind: 'literal', value: text };
    }
    if (this.accept('(')) {
      if (this.accept(')')) return { kind: 'tuple', items: [] };
      const value = this.tuple();
      this.expect(')');
      return value;
    }
    if (this.accept('[')) return { kind: 'list', items: this.items(']', () => this.expression()) };
    if (this.accept('{')) return { kind: 'dict', entries: this.items('}', () => this.pair()) };
    throw this.unexpected('a value');
  }

  private items<T>(end: string, read: () => T): T[] {
    const items: T[] = [];
    while (!this.accept(end)) {
      items.push(read());
      if (!this.is(end)) this.expect(',');
    }
    return items;
  }

  private pair(): [Expression, Expression] {
    const key = this.expression();
    this.expect(':');
    return [key, this.expression()];
  }

  private postfix(start: Expression): Expression {
    let target = start;
    for (;;) {
      if (this.accept('.')) {
        const { kind, text, value } = this.current;
        if (kind === 'number' && text === 'integer') target = { kind: 'index', target, index: { kind: 'literal', value } };
        else if (kind === 'name') target = { kind: 'attribute', target, name: text };
        else throw this.unexpected('a name or number');
        this.at++;
      } else if (this.accept('[')) target = this.subscript(target);
      else if (this.accept('(')) target = { kind: 'call', target, ...this.argumentList() };
      else return target;
    }
  }

  private subscript(target: Expression): Expression {
    const offset = this.current.offset;
    const parts = this.items(']', () => this.subscribed(target));
    const [only] = parts;
    if (only === undefined) throw this.unexpected('a value');
    if (parts.length === 1) return only.kind === 'slice' ? only : { kind: 'index', target, index: only };
    if (parts.some(({ kind }) => kind === 'slice')) throw new TemplateSyntaxError('several slices in one subscript', offset);
    return { kind: 'index', target, index: { kind: 'tuple', items: parts } };
  }

  /** An index, or a slice of the target. */
  private subscribed(target: Expression): Expression {
    const from = this.is(':') ? null : this.expression();
    if (!this.accept(':')) return from as Expression;
    const bound = (): Expression | null => (this.is(':') || this.is(']') || this.is(',') ? null : this.expression());
    const to = bound();
    const step = this.accept(':') ? bound() : null;
    return { kind: 'slice', target, from, to, step };
  }

  argumentList(): Arguments {
    const list: Arguments = { args: [], named: [], moreArgs: null, moreNamed: null };
    const opened = this.current.offset;
    const ensure = (fits: boolean): void => {
      if (!fits) throw new TemplateSyntaxError('the arguments are not in an order that can be', opened);
    };
    this.items(')', () => {
      if (this.accept('*')) {
        ensure(list.moreArgs === null && list.moreNamed === null);
        list.moreArgs = this.expression();
      } else if (this.accept('**')) {
        ensure(list.moreNamed === null);
        list.moreNamed = this.expression();
      } else if (this.current.kind === 'name' && this.next?.kind === 'operator' && this.next.text === '=') {
        ensure(list.moreNamed === null);
        const name = this.name();
        this.at++;
        list.named.push([name, this.expression()]);
      } else {
        ensure(list.moreArgs === null && list.moreNamed === null && list.named.length === 0);
        list.args.push(this.expression());
      }
    });
    return list;
  }

  private filters(start: Expression): Expression {
    let target = start;
    for (;;) {
      if (this.is('|')) target = this.filter(target) as Expression;
      else if (this.accept('is')) target = this.test(target);
      else if (this.accept('(')) target = { kind: 'call', target, ...this.argumentList() };
      else return target;
    }
  }

  /** `| a | b(…)`; null when there is none. `inline`: the first has no bar. */
  filter(start: Expression | null, inline = false): Filter | null {
    let target: Filter | null = null;
    for (let first = inline; first || this.accept('|'); first = false) {
      const { offset } = this.current;
      const name = this.dotted();
      const list = this.accept('(') ? this.argumentList() : NO_ARGUMENTS;
      target = { kind: 'filter', name, target: target ?? start, offset, ...list };
    }
    return target;
  }

  private dotted(): string {
    let name = this.name();
    while (this.accept('.')) name += `.${this.name()}`;
    return name;
  }

  private test(target: Expression): Expression {
    const negated = this.accept('not');
    const { offset } = this.current;
    const name = this.dotted();
    return { kind: 'test', name, target, negated, offset, ...this.testArguments() };
  }

  private testArguments(): Arguments {
    if (this.accept('(')) return this.argumentList();
    const { kind } = this.current;
    if (this.is('else') || this.is('or') || this.is('and')) return NO_ARGUMENTS;
    if (kind !== 'string' && kind !== 'number' && kind !== 'name' && !this.is('[') && !this.is('{')) return NO_ARGUMENTS;
    if (this.is('is')) throw new TemplateSyntaxError('tests cannot follow each other with "is"', this.current.offset);
    return { ...NO_ARGUMENTS, args: [this.postfix(this.primary())] };
  }

  /** What an assignment writes to; `members`: `namespace.name` may be one. Ends at the words given, too. */
  target(members: boolean, ends: readonly string[] = []): Target {
    const items: Target[] = [];
    let several = false;
    while (!this.atEnd && !ends.some((end) => this.is(end))) {
      items.push(this.singleTarget(members));
      if (!this.accept(',')) break;
      several = true;
    }
    const [first] = items;
    if (first === undefined) throw this.unexpected('a name');
    return several ? { kind: 'tuple', items } : first;
  }

  private singleTarget(members: boolean): Target {
    if (this.accept('(')) {
      const inner = this.target(members, [')']);
      this.expect(')');
      return inner;
    }
    const { offset } = this.current;
    const name = this.name();
    if (CONSTANTS.has(name)) throw new TemplateSyntaxError(`"${name}" cannot be assigned to`, offset);
    return members && this.accept('.') ? { kind: 'member', name, member: this.name(), offset } : { kind: 'name', name, offset };
  }

  unexpected(wanted: string): TemplateSyntaxError {
    const { kind, text, offset } = this.current;
    return new TemplateSyntaxError(
      `expected ${wanted}, found ${kind === 'end' ? 'the end' : kind === 'string' ? 'a text' : kind === 'number' ? 'a number' : `"${text}"`}`,
      offset,
    );
  }
}

const NO_ARGUMENTS: Arguments = { args: [], named: [], moreArgs: null, moreNamed: null };
