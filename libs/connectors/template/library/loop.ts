import { TemplateError } from '../errors.js';
import { equal } from '../operators.js';
import { PyCallable, PyObject, PyTuple, each, iterate, lengthOf } from '../values.js';

const END = Symbol('end');

/** The state of one `for`, which its body sees as `loop`. It looks at most one item ahead, unless the body asks for the length. */
export class LoopState {
  private index = -1;
  private before: unknown;
  private current: unknown;
  private ahead: unknown = END;
  private looked = false;
  private length: number | undefined;
  private items: Iterator<unknown>;
  private shown: PyTuple | undefined;

  constructor(
    over: unknown,
    private readonly depth: number,
    private readonly again: ((over: unknown) => string) | null,
  ) {
    this.length = lengthOf(over);
    this.items = each(over);
  }

  *turns(): Generator<unknown, void, undefined> {
    for (;;) {
      const next = this.peek();
      if (next === END) return;
      this.looked = false;
      this.index++;
      this.before = this.current;
      this.current = next;
      yield next;
    }
  }

  private peek(): unknown {
    if (!this.looked) {
      const step = this.items.next();
      this.ahead = step.done === true ? END : step.value;
      this.looked = true;
    }
    return this.ahead;
  }

  private count(): number {
    if (this.length === undefined) {
      const first = this.peek();
      const rest = first === END ? [] : [first, ...this.rest()];
      this.length = this.index + 1 + rest.length;
      this.items = rest[Symbol.iterator]();
      this.looked = false;
    }
    return this.length;
  }

  private rest(): unknown[] {
    const found: unknown[] = [];
    for (let step = this.items.next(); step.done !== true; step = this.items.next()) found.push(step.value);
    return found;
  }

  toObject(): PyObject {
    const recurse = (args: readonly unknown[]): unknown => {
      if (this.again === null)
        throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.", 'type');
      return this.again(args[0]);
    };
    return new PyObject('LoopContext', (name) => this.attribute(name), recurse);
  }

  private attribute(name: string): unknown {
    switch (name) {
      case 'index':
        return this.index + 1;
      case 'index0':
        return this.index;
      case 'revindex':
        return this.count() - this.index;
      case 'revindex0':
        return this.count() - this.index - 1;
      case 'first':
        return this.index === 0;
      case 'last':
        return this.peek() === END;
      case 'length':
        return this.count();
      case 'depth':
        return this.depth + 1;
      case 'depth0':
        return this.depth;
      case 'previtem':
        return this.index === 0 ? undefined : this.before;
      case 'nextitem': {
        const next = this.peek();
        return next === END ? undefined : next;
      }
      case 'cycle':
        return new PyCallable('cycle', (args) => {
          if (args.length === 0) throw new TemplateError('no items for cycling given', 'type');
          return args[this.index % args.length];
        });
      case 'changed':
        return new PyCallable('changed', (args) => {
          const shown = new PyTuple(args);
          if (this.shown !== undefined && equal(this.shown, shown)) return false;
          this.shown = shown;
          return true;
        });
      default:
        return undefined;
    }
  }
}

/** `cycler(…)`: its items in turn. */
export function cycler(items: readonly unknown[]): PyObject {
  if (items.length === 0) throw new TemplateError('at least one item has to be provided', 'value', 'RuntimeError');
  let at = 0;
  const next = (): unknown => {
    const item = items[at];
    at = (at + 1) % items.length;
    return item;
  };
  return new PyObject('Cycler', (name) => {
    if (name === 'current') return items[at];
    if (name === 'next') return new PyCallable('next', next);
    return name === 'reset' ? new PyCallable('reset', () => ((at = 0), null)) : undefined;
  });
}

/** `joiner(separator)`: nothing the first time, the separator from then on. */
export function joiner(separator: unknown): PyObject {
  let used = false;
  return new PyObject(
    'Joiner',
    () => undefined,
    () => {
      const text = used ? separator : '';
      used = true;
      return text;
    },
  );
}

/** `namespace(…)`: the one thing whose members `set` may change from within a loop. */
export function namespace(entries: Iterable<readonly [string, unknown]>): PyObject {
  const members = new Map(entries);
  return new PyObject(
    'Namespace',
    (name) => members.get(name),
    undefined,
    (name, value) => members.set(name, value),
  );
}

export const unpackPairs = (value: unknown): (readonly [unknown, unknown])[] =>
  iterate(value).map((pair) => {
    const items = iterate(pair);
    if (items.length !== 2) throw new TemplateError('a pair is needed');
    return [items[0], items[1]] as const;
  });
