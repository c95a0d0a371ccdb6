import { isObject } from '../manifest/tree.js';
import { setField } from './fields.js';
import { isPattern, stepTest } from './glob.js';

/** Where a value stands, and what is there. Steps into a list are numbers. */
export interface Found {
  steps: readonly (string | number)[];
  value: unknown;
}

/**
 * Every place that a path leads to, in the order of the document, as Python's dpath finds them: each step may be a pattern, `**` stands for
 * any number of steps (once in a path), and a step that is a number counts a list's items, from the end when it is negative. Throws
 * AmbiguousPath for a second `**`.
 */
export function matches(value: unknown, path: readonly string[]): Generator<Found> {
  if (path.indexOf('**') !== path.lastIndexOf('**')) throw new AmbiguousPath();
  return walk(value, path, []);
}

function* walk(value: unknown, path: readonly string[], before: readonly (string | number)[]): Generator<Found> {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (before.length > 0) yield { steps: before, value };
    return;
  }
  if (step === '**') yield* walk(value, rest, before);
  for (const [name, inner] of children(value)) {
    if (step === '**') yield* walk(inner, path, [...before, name]);
    else if (isStep(step, name, value)) yield* walk(inner, rest, [...before, name]);
  }
}

function children(value: unknown): Iterable<readonly [string | number, unknown]> {
  if (Array.isArray(value)) return (value as unknown[]).entries();
  return isContainer(value) ? Object.entries(value) : [];
}

function isStep(step: string, name: string | number, container: unknown): boolean {
  if (typeof name === 'string') return stepTest(step)(name);
  if (!/^\s*[+-]?\d+\s*$/.test(step)) return stepTest(step)(String(name));
  const index = Number(step);
  return name === (index < 0 ? index + (container as unknown[]).length : index);
}

/** Objects that hold fields; a number that kept its digits is an object to JavaScript, and a value here. */
const isContainer = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !('toJSON' in value && typeof value['toJSON'] === 'function');

/** Every value that a path with patterns leads to. */
export const valuesAt = (value: unknown, path: readonly string[]): unknown[] =>
  path.length === 0 ? [value] : [...matches(value, path)].map((found) => found.value);

/** The one value that a path leads to; undefined: there is none. Throws AmbiguousPath where a pattern finds two. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  if (path.some(isPattern)) {
    const found = valuesAt(value, path);
    if (found.length > 1) throw new AmbiguousPath();
    return found[0];
  }
  let current = value;
  for (const step of path) {
    if (Array.isArray(current)) {
      if (!/^\s*[+-]?\d+\s*$/.test(step)) return undefined;
      current = (current as unknown[]).at(Number(step));
    } else if (isContainer(current) && Object.hasOwn(current, step)) current = current[step];
    else return undefined;
  }
  return current;
}

/** A path that should lead to one value leads to several. */
export class AmbiguousPath extends Error {}
/** A path goes on below a value that holds nothing. */
export class BlockedPath extends Error {}

/**
 * Puts a value at a path, making what is missing on the way: objects, or lists where the next step is a number. A list is filled up with
 * null. Throws BlockedPath.
 */
export function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  // The usual case: a field of the record itself.
  if (path.length === 1) {
    setField(target, path[0] as string, value);
    return;
  }
  let current: unknown = target;
  for (let index = 0; index < path.length - 1; index++) {
    const step = path[index] as string;
    let next = childOf(current, step);
    if (next === undefined) {
      next = /^\d+$/.test(path[index + 1] as string) ? [] : {};
      put(current, step, next);
    }
    if (!Array.isArray(next) && !isContainer(next)) throw new BlockedPath();
    current = next;
  }
  put(current, path.at(-1) as string, value);
}

function childOf(container: unknown, step: string): unknown {
  if (Array.isArray(container)) return /^\d+$/.test(step) ? (container as unknown[])[Number(step)] : undefined;
  const fields = container as Record<string, unknown>;
  return Object.hasOwn(fields, step) ? fields[step] : undefined;
}

/** A list beyond this length was not meant. */
const LONGEST_FILL = 1_000;

function put(container: unknown, step: string, value: unknown): void {
  if (!Array.isArray(container)) {
    setField(container as Record<string, unknown>, step, value);
    return;
  }
  if (!/^\d+$/.test(step) || Number(step) > LONGEST_FILL) throw new BlockedPath();
  while (container.length < Number(step)) container.push(null);
  container[Number(step)] = value;
}

/** Takes a place out: a field, or a list's last item. Any other item becomes null, so that those after it keep their places. */
export function deleteAt(target: unknown, steps: readonly (string | number)[]): void {
  const parent = steps.slice(0, -1).reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return (value as unknown[])[Number(step)];
    return isContainer(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, target);
  const last = steps.at(-1) ?? '';
  if (Array.isArray(parent)) {
    const index = Number(last);
    if (index === parent.length - 1) parent.pop();
    else if (index < parent.length) parent[index] = null;
  } else if (isContainer(parent)) delete parent[last];
}

/** Every value that holds no others, with its place; lists and objects that are empty are none. */
export function* leaves(value: unknown, before: readonly (string | number)[] = []): Generator<Found> {
  for (const [name, inner] of children(value)) {
    const steps = [...before, name];
    if (Array.isArray(inner) || isContainer(inner)) yield* leaves(inner, steps);
    else yield { steps, value: inner };
  }
}
