import type { Arguments, Expression, Node, Signature, Target } from './ast.js';

/**
 * The names that a template takes from outside: name → where it is first used. As jinja decides it: a name that is set in only some
 * branches of an `if` counts as taken from outside, too.
 */
export function undeclaredNames(nodes: readonly Node[]): Map<string, number> {
  const taken = new Map<string, number>();
  new Names(taken, undefined).body(nodes);
  return taken;
}

/** The names of one scope: those of a loop, a macro or a block end with it. */
class Names {
  private known = new Set<string>();
  private stored = new Set<string>();
  private readonly inner: (() => void)[] = [];

  constructor(
    private readonly taken: Map<string, number>,
    private readonly outer: Names | undefined,
  ) {}

  /** Inner scopes are looked at last: they see names that are set after them. */
  body(nodes: readonly Node[]): void {
    nodes.forEach((node) => this.node(node));
    for (const look of this.inner) look();
  }

  private has(name: string): boolean {
    return this.known.has(name) || (this.outer?.has(name) ?? false);
  }

  private load(name: string, offset: number): void {
    if (this.has(name)) return;
    this.known.add(name);
    this.take(name, offset);
  }

  private take(name: string, offset: number): void {
    if (!this.taken.has(name)) this.taken.set(name, offset);
  }

  private declare(...names: string[]): void {
    for (const name of names) this.known.add(name);
  }

  private scope(nodes: readonly Node[], prepare: (names: Names) => void = () => undefined): void {
    this.inner.push(() => {
      const names = new Names(this.taken, this);
      prepare(names);
      names.body(nodes);
    });
  }

  private store(target: Target): void {
    if (target.kind === 'tuple') target.items.forEach((item) => this.store(item));
    else if (target.kind === 'member') this.load(target.name, target.offset);
    else {
      this.known.add(target.name);
      this.stored.add(target.name);
    }
  }

  private node(node: Node): void {
    switch (node.kind) {
      case 'text':
        return;
      case 'print':
        return node.expressions.forEach((expression) => this.look(expression));
      case 'set':
        this.look(node.expression);
        return this.store(node.target);
      case 'capture':
        this.store(node.target);
        this.look(node.filter);
        return this.scope(node.body);
      case 'if':
        return this.branches(node);
      case 'for':
        return this.loop(node);
      case 'macro':
        this.store({ kind: 'name', name: node.name, offset: node.offset });
        return this.callable(node.signature, node.body);
      case 'call':
        this.look(node.call);
        return this.callable(node.signature, node.body);
      case 'filter':
        this.look(node.filter);
        return this.scope(node.body);
      case 'with':
        node.assignments.forEach(({ value }) => this.look(value));
        return this.scope(node.body, (names) => node.assignments.forEach(({ target }) => names.store(target)));
      case 'scope':
        return this.scope(node.body);
      case 'load':
        this.look(node.template);
        return node.stores.forEach((target) => this.store(target));
    }
  }

  private branches({ branches }: Extract<Node, { kind: 'if' }>): void {
    this.look(branches[0]?.condition ?? null);
    const [known, stored] = [this.known, this.stored];
    const all = { known: new Set(known), stored: new Set(stored) };
    branches.forEach(({ condition, body }, index) => {
      [this.known, this.stored] = [new Set(known), new Set(stored)];
      if (index > 0) this.look(condition);
      body.forEach((node) => this.node(node));
      for (const name of this.known) all.known.add(name);
      for (const name of this.stored) all.stored.add(name);
    });
    for (const name of all.stored) if (!stored.has(name) && !(this.outer?.has(name) ?? false)) this.take(name, 0);
    [this.known, this.stored] = [all.known, all.stored];
  }

  private loop(node: Extract<Node, { kind: 'for' }>): void {
    this.look(node.over);
    this.inner.push(() => {
      const names = new Names(this.taken, this);
      names.store(node.target);
      names.look(node.test);
    });
    this.scope(node.body, (names) => {
      names.declare('loop');
      names.store(node.target);
    });
    this.scope(node.otherwise);
  }

  private callable({ params }: Signature, body: readonly Node[]): void {
    this.scope(body, (names) => {
      names.declare('caller', 'kwargs', 'varargs', ...params.map(({ name }) => name));
      params.forEach(({ otherwise }) => names.look(otherwise));
    });
  }

  private look(expression: Expression | null): void {
    if (expression === null) return;
    switch (expression.kind) {
      case 'literal':
        return;
      case 'name':
        return this.load(expression.name, expression.offset);
      case 'attribute':
        return this.look(expression.target);
      case 'index':
        this.look(expression.target);
        return this.look(expression.index);
      case 'slice':
        return [expression.target, expression.from, expression.to, expression.step].forEach((part) => this.look(part));
      case 'call':
      case 'filter':
      case 'test':
        this.look(expression.target);
        return this.lookAtArguments(expression);
      case 'unary':
        return this.look(expression.operand);
      case 'binary':
        this.look(expression.left);
        return this.look(expression.right);
      case 'compare':
        this.look(expression.first);
        return expression.rest.forEach(([, operand]) => this.look(operand));
      case 'choice':
        this.look(expression.condition);
        this.look(expression.then);
        return this.look(expression.otherwise);
      case 'list':
      case 'tuple':
        return expression.items.forEach((item) => this.look(item));
      case 'dict':
        return expression.entries.forEach((pair) => pair.forEach((part) => this.look(part)));
    }
  }

  private lookAtArguments({ args, named, moreArgs, moreNamed }: Arguments): void {
    args.forEach((arg) => this.look(arg));
    named.forEach(([, value]) => this.look(value));
    this.look(moreArgs);
    this.look(moreNamed);
  }
}
