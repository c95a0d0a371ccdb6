import { attribute, call, findMethod, item, namedOf, slice } from './access.js';
import { TemplateError, TemplateSyntaxError, TemplateUnsupported } from './errors.js';
import { made } from './owned.js';
import { FILTERS } from './library/filters.js';
import { FUNCTIONS } from './library/functions.js';
import { TESTS } from './library/tests.js';
import {
  add,
  arithmetic,
  compare,
  concatenate,
  contains,
  equal,
  modulo,
  multiply,
  negate,
  not,
  positive,
  subtract,
} from './operators.js';
import type { Env } from './scope.js';
import type { Arguments, Expression, Operator } from './syntax/ast.js';
import { PyCallable, PyObject, PyTuple, anyDict, dict, isDict, iterate, truthy, type Named } from './values.js';

export type { Scope } from './scope.js';
export type Evaluate = (env: Env) => unknown;

/**
 * Turns a parsed expression into closures, once. `own`: the names that the template sets somewhere; all others come from outside. Throws
 * TemplateSyntaxError for a filter or test that does not exist.
 */
export function compileExpression(expression: Expression, own: ReadonlySet<string>): Evaluate {
  const compile = (part: Expression): Evaluate => compileExpression(part, own);
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'name':
      return compileName(expression.name, own);
    case 'attribute': {
      const target = guarded(expression.target, compile);
      const { name } = expression;
      return (env) => attribute(target(env), name);
    }
    case 'index':
      return compileIndex(guarded(expression.target, compile), expression.index, compile);
    case 'slice': {
      const [target, from, to, step] = [expression.target, expression.from, expression.to, expression.step].map((part) =>
        part === null ? () => null : compile(part),
      ) as [Evaluate, Evaluate, Evaluate, Evaluate];
      return (env) => slice(target(env), from(env), to(env), step(env));
    }
    case 'call':
      return compileCall(expression, compile);
    case 'filter': {
      const filter = FILTERS.get(expression.name);
      if (expression.name === 'urlize') throw new TemplateUnsupported('the filter "urlize" is not covered', expression.offset);
      if (filter === undefined) throw missing('filter', expression);
      const target = expression.target === null ? () => undefined : compile(expression.target);
      const input = compileArguments(expression, compile);
      return (env) => {
        const value = target(env);
        const { args, named } = input(env);
        return filter(value, args, named);
      };
    }
    case 'test': {
      const test = expression.name === 'filter' ? isFilter : TESTS.get(expression.name);
      if (test === undefined) throw missing('test', expression);
      const target = compile(expression.target);
      const input = compileArguments(expression, compile);
      const { negated } = expression;
      return (env) => {
        const value = target(env);
        const { args, named } = input(env);
        return test(value, args, named) !== negated;
      };
    }
    case 'unary': {
      const operand = compile(expression.operand);
      if (expression.operator === 'not') return (env) => not(operand(env));
      return expression.operator === '-' ? (env) => negate(operand(env)) : (env) => positive(operand(env));
    }
    case 'binary':
      return compileBinary(expression.operator, compile(expression.left), compile(expression.right));
    case 'compare':
      return compileComparison(expression, compile);
    case 'choice': {
      const [condition, then] = [compile(expression.condition), compile(expression.then)];
      const otherwise = expression.otherwise === null ? () => undefined : compile(expression.otherwise);
      return (env) => (truthy(condition(env)) ? then(env) : otherwise(env));
    }
    case 'list': {
      const items = expression.items.map(compile);
      return (env) => made(items.map((evaluate) => evaluate(env)));
    }
    case 'tuple': {
      const items = expression.items.map(compile);
      return (env) => new PyTuple(items.map((evaluate) => evaluate(env)));
    }
    case 'dict': {
      const entries = expression.entries.map(([key, value]) => [compile(key), compile(value)] as const);
      return (env) => made(anyDict(entries.map(([key, value]) => [key(env), value(env)] as const)));
    }
  }
}

const isFilter = (value: unknown): boolean => typeof value === 'string' && FILTERS.has(value);

const missing = (what: string, { name, offset }: { name: string; offset: number }): TemplateSyntaxError =>
  new TemplateSyntaxError(`there is no ${what} "${name}"`, offset, 'TemplateAssertionError');

/** jinja's own blocks, of which there are none. */
const SELF = new PyObject('TemplateReference', () => undefined);

function compileName(name: string, own: ReadonlySet<string>): Evaluate {
  const macro = FUNCTIONS.get(name);
  const outside: Evaluate = (env) => {
    if (Object.hasOwn(env.names, name)) return env.names[name];
    if (name === 'self') return SELF;
    return macro && new PyCallable(name, (args, named) => macro(env.nowMs, args, named));
  };
  if (!own.has(name)) return outside;
  return (env) => {
    const found = env.locals?.find(name);
    return found === undefined ? outside(env) : found.get(name);
  };
}

/** What begins with underscores is not for templates: shown as nothing, and an error once more is asked of it. */
function guarded(expression: Expression, compile: (part: Expression) => Evaluate): Evaluate {
  const evaluate = compile(expression);
  if (expression.kind !== 'attribute' || !expression.name.startsWith('_')) return evaluate;
  return (env) => {
    const value = evaluate(env);
    if (value === undefined && /^__\w+__$/.test(expression.name))
      throw new TemplateError('access to an attribute that begins with underscores', 'value', 'SecurityError');
    return value;
  };
}

/** A text as the index is the common case: `config['key']`. */
function compileIndex(target: Evaluate, index: Expression, compile: (part: Expression) => Evaluate): Evaluate {
  if (index.kind !== 'literal' || typeof index.value !== 'string') {
    const evaluate = compile(index);
    return (env) => item(target(env), evaluate(env));
  }
  const key = index.value;
  return (env) => {
    const value = target(env);
    return isDict(value) && Object.hasOwn(value, key) ? value[key] : item(value, key);
  };
}

function compileCall(expression: Extract<Expression, { kind: 'call' }>, compile: (part: Expression) => Evaluate): Evaluate {
  const { target: callee } = expression;
  const input = compileArguments(expression, compile);
  if (callee.kind === 'attribute' && !callee.name.startsWith('_')) {
    // A method that is called at once needs no value of its own.
    const self = guarded(callee.target, compile);
    const { name } = callee;
    return (env) => {
      const value = self(env);
      const method = findMethod(value, name);
      if (method === undefined) {
        const target = attribute(value, name);
        const { args, named } = input(env);
        return call(target, args, named);
      }
      const { args, named } = input(env);
      return method(value, args, named);
    };
  }
  const target = guarded(callee, compile);
  return (env) => {
    const value = target(env);
    const { args, named } = input(env);
    return call(value, args, named);
  };
}

const NO_ARGUMENTS: { args: readonly unknown[]; named: Named } = { args: [], named: dict([]) };

function compileArguments(list: Arguments, compile: (part: Expression) => Evaluate) {
  const positional = list.args.map(compile);
  const byName = list.named.map(([name, value]) => [name, compile(value)] as const);
  const [more, moreNamed] = [list.moreArgs, list.moreNamed].map((part) => part && compile(part)) as [
    Evaluate | null,
    Evaluate | null,
  ];
  if (positional.length === 0 && byName.length === 0 && more === null && moreNamed === null) return () => NO_ARGUMENTS;
  const named = (env: Env): Named => {
    if (byName.length === 0 && moreNamed === null) return NO_ARGUMENTS.named;
    return dict([...byName.map(([name, value]) => [name, value(env)] as const), ...(moreNamed ? namedOf(moreNamed(env)) : [])]);
  };
  return (env: Env): { args: readonly unknown[]; named: Named } => {
    const args = positional.map((evaluate) => evaluate(env));
    if (more !== null) args.push(...iterate(more(env)));
    return { args, named: named(env) };
  };
}

function compileBinary(operator: Operator, left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case 'and':
      return (env) => {
        const value = left(env);
        return truthy(value) ? right(env) : value;
      };
    case 'or':
      return (env) => {
        const value = left(env);
        return truthy(value) ? value : right(env);
      };
    case '+':
      return (env) => add(left(env), right(env));
    case '-':
      return (env) => subtract(left(env), right(env));
    case '*':
      return (env) => multiply(left(env), right(env));
    case '~':
      return (env) => concatenate(left(env), right(env));
    case '%':
      return (env) => modulo(left(env), right(env));
    default:
      return (env) => arithmetic(operator, left(env), right(env));
  }
}

function compileComparison(
  expression: Extract<Expression, { kind: 'compare' }>,
  compile: (part: Expression) => Evaluate,
): Evaluate {
  const first = compile(expression.first);
  const rest = expression.rest.map(([operator, operand]) => ({ holds: comparison(operator), operand: compile(operand) }));
  const [only] = rest;
  if (only !== undefined && rest.length === 1) {
    const { holds, operand } = only;
    return (env) => holds(first(env), operand(env));
  }
  return (env) => {
    let left = first(env);
    for (const { holds, operand } of rest) {
      const right = operand(env);
      if (!holds(left, right)) return false;
      left = right;
    }
    return true;
  };
}

function comparison(operator: string): (left: unknown, right: unknown) => boolean {
  switch (operator) {
    case '==':
      return equal;
    case '!=':
      return (left, right) => !equal(left, right);
    case 'in':
      return (left, right) => contains(right, left);
    case 'not in':
      return (left, right) => !contains(right, left);
    case '<':
      return (left, right) => compare('<', left, right) < 0;
    case '<=':
      return (left, right) => compare('<=', left, right) <= 0;
    case '>':
      return (left, right) => compare('>', left, right) > 0;
    default:
      return (left, right) => compare('>=', left, right) >= 0;
  }
}
