import type { Expression } from './ast.js';
import { TemplateError, TemplateSyntaxError, TemplateUnsupported } from './errors.js';
import { FILTERS, UNCOVERED_FILTERS } from './filters.js';
import { FUNCTIONS, UNCOVERED_FUNCTIONS } from './functions.js';
import { methodOf } from './methods.js';
import { add, arithmetic, compare, concatenate, contains, equal, multiply, negate, not, subtract } from './operators.js';
import { TESTS } from './tests.js';
import { PyCallable, PyDatetime, PyTuple, dict, isDict, isInteger, str, truthy, typeName } from './values.js';
import { calendarOf } from '../time/moment.js';

/** What an evaluation sees: the names of its place, and the clock. */
export interface Scope {
  readonly names: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

export type Evaluate = (scope: Scope) => unknown;

/** Turns a parsed expression into closures, once. `names`: those that may be used; others are refused now, not when a record comes by. */
export function compileExpression(expression: Expression, names: ReadonlySet<string>): Evaluate {
  const compile = (part: Expression): Evaluate => compileExpression(part, names);
  switch (expression.kind) {
    case 'literal':
      return () => expression.value;
    case 'name':
      return compileName(expression, names);
    case 'attribute': {
      const target = compile(expression.target);
      return (scope) => attribute(target(scope), expression.name);
    }
    case 'index': {
      const [target, index] = [compile(expression.target), compile(expression.index)];
      return (scope) => item(target(scope), index(scope));
    }
    case 'slice': {
      const target = compile(expression.target);
      const [from, to] = [expression.from, expression.to].map((bound) => (bound === null ? () => undefined : compile(bound))) as [
        Evaluate,
        Evaluate,
      ];
      return (scope) => slice(target(scope), from(scope), to(scope));
    }
    case 'call': {
      const target = compile(expression.target);
      const input = compileArguments(expression, compile);
      return (scope) => {
        const callable = target(scope);
        if (callable instanceof PyCallable) {
          const { args, named } = input(scope);
          return callable.call(args, named);
        }
        throw new TemplateError(`${typeName(callable)} cannot be called`, callable === undefined ? 'undefined' : 'type');
      };
    }
    case 'filter': {
      const filter = known(FILTERS, UNCOVERED_FILTERS, 'filter', expression);
      const target = compile(expression.target);
      const input = compileArguments(expression, compile);
      return (scope) => {
        const { args, named } = input(scope);
        return filter(target(scope), args, named);
      };
    }
    case 'test': {
      const test = known(TESTS, new Set<string>(), 'test', expression);
      const target = compile(expression.target);
      const args = expression.args.map(compile);
      return (scope) =>
        test(
          target(scope),
          args.map((arg) => arg(scope)),
        ) !== expression.negated;
    }
    case 'unary': {
      const operand = compile(expression.operand);
      const { operator } = expression;
      if (operator === 'not') return (scope) => not(operand(scope));
      return operator === '-' ? (scope) => negate(operand(scope)) : (scope) => arithmetic('+', 0, operand(scope));
    }
    case 'binary':
      return compileBinary(expression.operator, compile(expression.left), compile(expression.right));
    case 'compare': {
      const first = compile(expression.first);
      const rest = expression.rest.map(([operator, operand]) => [operator, compile(operand)] as const);
      return (scope) => {
        let left = first(scope);
        for (const [operator, operand] of rest) {
          const right = operand(scope);
          if (!holds(operator, left, right)) return false;
          left = right;
        }
        return true;
      };
    }
    case 'choice': {
      const [condition, then] = [compile(expression.condition), compile(expression.then)];
      const otherwise = expression.otherwise === null ? () => undefined : compile(expression.otherwise);
      return (scope) => (truthy(condition(scope)) ? then(scope) : otherwise(scope));
    }
    case 'list':
    case 'tuple': {
      const items = expression.items.map(compile);
      return (scope) => {
        const values = items.map((evaluate) => evaluate(scope));
        return expression.kind === 'list' ? values : new PyTuple(values);
      };
    }
    case 'dict': {
      const entries = expression.entries.map(([key, value]) => [compile(key), compile(value)] as const);
      return (scope) => dict(entries.map(([key, value]) => [str(key(scope)), value(scope)]));
    }
  }
}

function compileName({ name, offset }: Extract<Expression, { kind: 'name' }>, names: ReadonlySet<string>): Evaluate {
  if (names.has(name)) return (scope) => (Object.hasOwn(scope.names, name) ? scope.names[name] : undefined);
  const macro = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (macro !== undefined) return ({ nowMs }) => new PyCallable(name, (args, named) => macro(nowMs, args, named));
  if (UNCOVERED_FUNCTIONS.has(name)) throw new TemplateUnsupported(`the function ${name}() is not covered`, offset);
  if (name === 'stream_state') throw new TemplateSyntaxError('stream_state can no longer be used; use stream_interval', offset);
  throw new TemplateSyntaxError(`nothing is called "${name}" here`, offset);
}

function known<T>(
  table: Readonly<Record<string, T>>,
  uncovered: ReadonlySet<string>,
  what: string,
  { name, offset }: { name: string; offset: number },
): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  throw uncovered.has(name)
    ? new TemplateUnsupported(`the ${what} "${name}" is not covered`, offset)
    : new TemplateSyntaxError(`there is no ${what} "${name}"`, offset);
}

function compileArguments(
  { args, named }: { args: Expression[]; named: [string, Expression][] },
  compile: (part: Expression) => Evaluate,
) {
  const positional = args.map(compile);
  const byName = named.map(([name, value]) => [name, compile(value)] as const);
  return (scope: Scope) => ({
    args: positional.map((evaluate) => evaluate(scope)),
    named: dict(byName.map(([name, evaluate]) => [name, evaluate(scope)])),
  });
}

function compileBinary(operator: Extract<Expression, { kind: 'binary' }>['operator'], left: Evaluate, right: Evaluate): Evaluate {
  switch (operator) {
    case 'and':
      return (scope) => {
        const value = left(scope);
        return truthy(value) ? right(scope) : value;
      };
    case 'or':
      return (scope) => {
        const value = left(scope);
        return truthy(value) ? value : right(scope);
      };
    case '+':
      return (scope) => add(left(scope), right(scope));
    case '-':
      return (scope) => subtract(left(scope), right(scope));
    case '*':
      return (scope) => multiply(left(scope), right(scope));
    case '~':
      return (scope) => concatenate(left(scope), right(scope));
    default:
      return (scope) => arithmetic(operator, left(scope), right(scope));
  }
}

function holds(operator: string, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    case '<':
      return compare('<', left, right) < 0;
    case '<=':
      return compare('<=', left, right) <= 0;
    case '>':
      return compare('>', left, right) > 0;
    default:
      return compare('>=', left, right) >= 0;
  }
}

/** `a.b`: a method wins over a key, as in Python. */
function attribute(target: unknown, name: string): unknown {
  if (target === undefined) throw new TemplateError('an attribute of a missing value', 'undefined');
  const method = methodOf(target, name);
  if (method !== undefined) return method;
  if (target instanceof PyDatetime && /^(year|month|day|hour|minute|second)$/.test(name))
    return calendarOf(target.moment)[name as 'year'];
  return isDict(target) && Object.hasOwn(target, name) ? target[name] : undefined;
}

/** `a['b']`, `a[0]`: a key wins over a method. */
function item(target: unknown, index: unknown): unknown {
  if (target === undefined) throw new TemplateError('an item of a missing value', 'undefined');
  const list = target instanceof PyTuple ? target.items : typeof target === 'string' ? [...target] : target;
  if (Array.isArray(list) && isInteger(index)) return (list as unknown[]).at(Number(index));
  if (typeof index !== 'string') return undefined;
  if (isDict(target) && Object.hasOwn(target, index)) return target[index];
  return methodOf(target, index);
}

function slice(target: unknown, from: unknown, to: unknown): unknown {
  if (target === undefined) throw new TemplateError('a part of a missing value', 'undefined');
  const bounds = [from, to].map((bound) => (isInteger(bound) ? Number(bound) : undefined));
  if (typeof target === 'string') return [...target].slice(...bounds).join('');
  if (target instanceof PyTuple) return new PyTuple(target.items.slice(...bounds));
  if (Array.isArray(target)) return (target as unknown[]).slice(...bounds);
  throw new TemplateError(`${typeName(target)} cannot be cut`, 'type');
}
