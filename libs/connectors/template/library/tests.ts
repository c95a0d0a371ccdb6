import { compare, contains, equal, modulo } from '../operators.js';
import {
  PyBytes,
  PyCallable,
  PyObject,
  PyTuple,
  isInteger,
  isIterable,
  isMapping,
  isNumber,
  str,
  type Named,
} from '../values.js';
import { bindArguments } from './arguments.js';
import { TEXT_METHODS } from './text-methods.js';

export type Test = (value: unknown, args: readonly unknown[], named: Named) => boolean;

const plain =
  (run: (value: unknown) => boolean): Test =>
  (value, args, named) => {
    bindArguments([], args, named);
    return run(value);
  };
const against =
  (name: string, run: (value: unknown, other: unknown) => boolean): Test =>
  (value, args, named) =>
    run(value, bindArguments([`${name}!`], args, named)[0]);
const ordered = (operator: '<' | '<=' | '>' | '>='): Test =>
  against('other', (value, other) => {
    const order = compare(operator, value, other);
    if (operator === '<') return order < 0;
    if (operator === '>') return order > 0;
    return operator === '<=' ? order <= 0 : order >= 0;
  });
const method = (name: string): Test => plain((value) => TEXT_METHODS[name]?.(str(value), [], {}) === true);

const equals = against('other', equal);
const differs = against('other', (value, other) => !equal(value, other));
const sequence = (value: unknown): boolean =>
  Array.isArray(value) ||
  typeof value === 'string' ||
  value === undefined ||
  value instanceof PyTuple ||
  value instanceof PyBytes ||
  isMapping(value);

/** What may follow `is`. */
export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['none', plain((value) => value === null)],
  ['defined', plain((value) => value !== undefined)],
  ['undefined', plain((value) => value === undefined)],
  ['string', plain((value) => typeof value === 'string')],
  ['number', plain((value) => isNumber(value) || typeof value === 'boolean')],
  ['integer', plain(isInteger)],
  ['float', plain((value) => isNumber(value) && !isInteger(value))],
  ['boolean', plain((value) => typeof value === 'boolean')],
  ['true', plain((value) => value === true)],
  ['false', plain((value) => value === false)],
  ['mapping', plain(isMapping)],
  ['sequence', plain(sequence)],
  ['iterable', plain(isIterable)],
  ['callable', plain((value) => value instanceof PyCallable || (value instanceof PyObject && value.call !== undefined))],
  ['escaped', plain(() => false)],
  ['test', plain((value): boolean => typeof value === 'string' && TESTS.has(value))],
  ['lower', method('islower')],
  ['upper', method('isupper')],
  ['odd', plain((value) => equal(modulo(value, 2), 1))],
  ['even', plain((value) => equal(modulo(value, 2), 0))],
  ['divisibleby', against('num', (value, by) => equal(modulo(value, by), 0))],
  ['in', against('seq', (value, items) => contains(items, value))],
  ['sameas', against('other', (value, other) => value === other)],
  ...(['==', 'eq', 'equalto'] as const).map((name) => [name, equals] as const),
  ...(['!=', 'ne'] as const).map((name) => [name, differs] as const),
  ...(['>', 'gt', 'greaterthan'] as const).map((name) => [name, ordered('>')] as const),
  ...(['>=', 'ge'] as const).map((name) => [name, ordered('>=')] as const),
  ...(['<', 'lt', 'lessthan'] as const).map((name) => [name, ordered('<')] as const),
  ...(['<=', 'le'] as const).map((name) => [name, ordered('<=')] as const),
]);
