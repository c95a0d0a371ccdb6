import { call } from './access.js';
import { TemplateError } from './errors.js';
import { compileExpression, type Evaluate } from './evaluate.js';
import { LoopState } from './library/loop.js';
import { TURN, nested, spend } from './meter.js';
import { Locals, type Env } from './scope.js';
import type { Filter, Node, Signature, Target } from './syntax/ast.js';
import {
  PyCallable,
  PyIterator,
  PyObject,
  PyTuple,
  dict,
  each,
  entriesOf,
  isMapping,
  iterate,
  str,
  truthy,
  type Named,
} from './values.js';

export type Write = (env: Env) => string;
type Assign = (env: Env, value: unknown) => void;

/** Turns the statements of a template into one function. `own`: the names that it sets itself, anywhere. */
export function compileNodes(nodes: readonly Node[], own: ReadonlySet<string>): Write {
  const steps = nodes.map((node) => compileNode(node, own));
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return only;
  return (env) => {
    let text = '';
    for (const step of steps) {
      const piece = step(env);
      spend(piece.length + 1);
      text += piece;
    }
    return text;
  };
}

function compileNode(node: Node, own: ReadonlySet<string>): Write {
  switch (node.kind) {
    case 'text': {
      const { text } = node;
      return () => text;
    }
    case 'print': {
      const [first, ...more] = node.expressions.map((expression) => compileExpression(expression, own));
      if (first === undefined) return () => '';
      if (more.length === 0) return (env) => str(first(env));
      return (env) => [first, ...more].map((evaluate) => str(evaluate(env))).join('');
    }
    case 'set': {
      const evaluate = compileExpression(node.expression, own);
      const assign = compileTarget(node.target, own);
      return (env) => {
        assign(env, evaluate(env));
        return '';
      };
    }
    case 'capture': {
      const write = inner(compileNodes(node.body, own));
      const assign = compileTarget(node.target, own);
      const filter = compileFilters(node.filter, own);
      return (env) => {
        assign(env, filter(env, write(env)));
        return '';
      };
    }
    case 'if': {
      const branches = node.branches.map(({ condition, body }) => ({
        holds: condition === null ? () => true : compileExpression(condition, own),
        write: compileNodes(body, own),
      }));
      return (env) => branches.find(({ holds }) => truthy(holds(env)))?.write(env) ?? '';
    }
    case 'for':
      return compileLoop(node, own);
    case 'macro': {
      const make = compileCallable(node.name, node.signature, node.body, own);
      return (env) => {
        env.locals?.set(node.name, make(env));
        return '';
      };
    }
    case 'call':
      return compileCallBlock(node, own);
    case 'filter': {
      const write = inner(compileNodes(node.body, own));
      const filter = compileFilters(node.filter, own);
      return (env) => str(filter(env, write(env)));
    }
    case 'with': {
      const assignments = node.assignments.map(({ target, value }) => ({
        assign: compileTarget(target, own),
        value: compileExpression(value, own),
      }));
      const write = compileNodes(node.body, own);
      return (env) => {
        const within = deeper(env);
        const values = assignments.map(({ value }) => value(env));
        assignments.forEach(({ assign }, i) => assign(within, values[i]));
        return write(within);
      };
    }
    case 'scope':
      return inner(compileNodes(node.body, own));
    case 'load':
      return () => {
        throw new TemplateError('no loader for this environment specified', 'type');
      };
  }
}

const deeper = (env: Env): Env => ({ names: env.names, nowMs: env.nowMs, locals: new Locals(env.locals) });
const inner =
  (write: Write): Write =>
  (env) =>
    write(deeper(env));

function compileTarget(target: Target, own: ReadonlySet<string>): Assign {
  switch (target.kind) {
    case 'name':
      return (env, value) => env.locals?.set(target.name, value);
    case 'member': {
      const namespace = compileExpression({ kind: 'name', name: target.name, offset: target.offset }, own);
      return (env, value) => {
        const held = namespace(env);
        if (!(held instanceof PyObject) || held.assign === undefined)
          throw new TemplateError('cannot assign attribute on non-namespace object', 'value', 'TemplateRuntimeError');
        held.assign(target.member, value);
      };
    }
    case 'tuple': {
      const items = target.items.map((item) => compileTarget(item, own));
      return (env, value) => {
        const values = iterate(value);
        if (values.length !== items.length)
          throw new TemplateError(`${values.length < items.length ? 'not enough' : 'too many'} values to unpack`);
        items.forEach((assign, i) => assign(env, values[i]));
      };
    }
  }
}

/** `filter` over a text that was just written. */
function compileFilters(filter: Filter | null, own: ReadonlySet<string>): (env: Env, text: string) => unknown {
  if (filter === null) return (_env, text) => text;
  const before = compileFilters(filter.target as Filter | null, own);
  const slot = 'the text of the block';
  const evaluate = compileExpression(
    { ...filter, target: { kind: 'name', name: slot, offset: filter.offset } },
    new Set([...own, slot]),
  );
  return (env, text) => {
    const within = deeper(env);
    within.locals?.set(slot, before(env, text));
    return evaluate(within);
  };
}

function compileLoop(node: Extract<Node, { kind: 'for' }>, own: ReadonlySet<string>): Write {
  const over = compileExpression(node.over, own);
  const assign = compileTarget(node.target, own);
  const test = node.test === null ? null : compileExpression(node.test, own);
  const write = compileNodes(node.body, own);
  const otherwise = inner(compileNodes(node.otherwise, own));

  const run = (env: Env, value: unknown, depth: number): string => {
    const wanted = test === null ? value : filtered(env, value, test);
    const again = (next: unknown): string => nested(() => run(env, next, depth + 1));
    const state = new LoopState(wanted, depth, node.recursive ? again : null);
    const loop = state.toObject();
    let text = '';
    let turns = 0;
    for (const item of state.turns()) {
      turns++;
      const within = deeper(env);
      // The target wins over `loop`, should it have that name.
      within.locals?.set('loop', loop);
      assign(within, item);
      const piece = write(within);
      spend(piece.length + TURN);
      text += piece;
    }
    return turns === 0 ? otherwise(env) : text;
  };

  const filtered = (env: Env, value: unknown, holds: Evaluate): PyIterator => {
    function* kept(): Generator<unknown, void, undefined> {
      for (const item of each(value)) {
        const within = deeper(env);
        assign(within, item);
        spend(TURN);
        if (truthy(holds(within))) yield item;
      }
    }
    return new PyIterator('generator', kept());
  };
  return (env) => run(env, over(env), 0);
}

/** A macro, or the body of a call block, as a function of the scope that it is made in. */
function compileCallable(name: string, { params }: Signature, body: readonly Node[], own: ReadonlySet<string>) {
  const write = compileNodes(body, own);
  const defaults = params.map(({ otherwise }) => (otherwise === null ? () => undefined : compileExpression(otherwise, own)));
  const uses = namesIn(body);
  const bound = (env: Env, args: readonly unknown[], named: Named): Env => {
    const within = deeper(env);
    const left = new Map(Object.entries(named));
    params.forEach((param, i) => {
      const given = i < args.length ? args[i] : left.get(param.name);
      const absent = i >= args.length && !left.has(param.name);
      if (i >= args.length) left.delete(param.name);
      within.locals?.set(param.name, absent ? (defaults[i] as Evaluate)(within) : given);
    });
    if (uses.has('caller') && !params.some((param) => param.name === 'caller')) {
      within.locals?.set('caller', left.get('caller'));
      left.delete('caller');
    }
    if (uses.has('kwargs')) within.locals?.set('kwargs', dict([...left]));
    else if (left.size > 0) throw new TemplateError(`macro ${name} takes no such keyword argument`, 'type');
    if (uses.has('varargs')) within.locals?.set('varargs', new PyTuple(args.slice(params.length)));
    else if (args.length > params.length)
      throw new TemplateError(`macro ${name} takes not more than ${params.length} argument(s)`, 'type');
    return within;
  };
  return (env: Env): PyCallable =>
    new PyCallable(name, (args, named) =>
      nested(() => {
        spend(TURN);
        return write(bound(env, args, named));
      }),
    );
}

function compileCallBlock(node: Extract<Node, { kind: 'call' }>, own: ReadonlySet<string>): Write {
  if (node.call.kind !== 'call') return () => '';
  const make = compileCallable('caller', node.signature, node.body, own);
  const target = compileExpression(node.call.target, own);
  const args = node.call.args.map((arg) => compileExpression(arg, own));
  const named = node.call.named.map(([name, value]) => [name, compileExpression(value, own)] as const);
  return (env) =>
    str(
      call(
        target(env),
        args.map((arg) => arg(env)),
        dict([...named.map(([name, value]) => [name, value(env)] as const), ['caller', make(env)]]),
      ),
    );
}

/** Every name in a tree of nodes: cheap, and too many do no harm. */
function namesIn(body: readonly Node[]): Set<string> {
  const found = new Set<string>();
  const look = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(look);
    else if (isMapping(part)) {
      const entries = new Map(entriesOf(part));
      if (entries.get('kind') === 'name') found.add(String(entries.get('name')));
      [...entries.values()].forEach(look);
    }
  };
  look(body);
  return found;
}
