import { TemplateError } from '../errors.js';
import { isInteger, isNumber, numeric, toNumber, typeName, type Named } from '../types.js';

/** A filter: the value before the bar, then what stands in brackets. */
export type Filter = (value: unknown, args: readonly unknown[], named: Named) => unknown;
/** A method: the value before the dot, then what stands in brackets. */
export type Method<T = unknown> = (self: T, args: readonly unknown[], named: Named) => unknown;

/**
 * Arguments in the order of `params`, however they were given; undefined for one that was not. A name that ends in `!` is required.
 * Throws Python's TypeError for too many, unknown or missing ones.
 */
export function bindArguments(params: readonly string[], args: readonly unknown[], named: Named): unknown[] {
  // The common case, without a copy: all given by place, and none that is required is missing.
  if (!hasNames(named) && args.length <= params.length && params[args.length]?.endsWith('!') !== true) return args as unknown[];
  if (args.length > params.length)
    throw new TemplateError(`takes ${params.length} arguments but ${args.length} were given`, 'type');
  const bound: unknown[] = [...args];
  const left = new Set(Object.keys(named));
  params.forEach((param, i) => {
    const name = param.replace('!', '');
    const byName = left.delete(name);
    if (byName && i < args.length) throw new TemplateError(`got multiple values for argument '${name}'`, 'type');
    if (byName) bound[i] = named[name];
    else if (i >= args.length && param.endsWith('!')) throw new TemplateError(`missing argument '${name}'`, 'type');
  });
  const [unknown] = left;
  if (unknown !== undefined) throw new TemplateError(`got an unexpected keyword argument '${unknown}'`, 'type');
  return bound;
}

function hasNames(named: Named): boolean {
  for (const name in named) return name !== undefined;
  return false;
}

/** A filter with named parameters, written as `'reverse, attribute!'`. */
export function filter(params: string, run: (value: unknown, args: unknown[]) => unknown): Filter {
  const names = params === '' ? [] : params.split(', ');
  return (value, args, named) => run(value, bindArguments(names, args, named));
}

/** A method with named parameters. */
export function method<T>(params: string, run: (self: T, args: unknown[]) => unknown): Method<T> {
  const names = params === '' ? [] : params.split(', ');
  return (self, args, named) => run(self, bindArguments(names, args, named));
}

/** A text, or Python's TypeError; UndefinedError for a missing value. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`a text is needed, not ${typeName(value)}`, 'type');
}

/** An int within JavaScript's safe range, or Python's TypeError. */
export function count(value: unknown, otherwise?: number): number {
  if (value === undefined && otherwise !== undefined) return otherwise;
  const number = numeric(value);
  if (!isInteger(number)) throw new TemplateError(`'${typeName(value)}' object cannot be interpreted as an integer`, 'type');
  return Number(number);
}

/** A number; UndefinedError for a missing value, TypeError for others. */
export function needNumber(value: unknown): number {
  const number = numeric(value);
  if (isNumber(number)) return toNumber(number);
  throw new TemplateError(`must be real number, not ${typeName(value)}`, value === undefined ? 'undefined' : 'type');
}
