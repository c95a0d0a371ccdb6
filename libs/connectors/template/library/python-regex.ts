import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { parseRegex, type RegexNode } from './regex-parser.js';

/** What a search found; group 0 is the whole. */
export interface Match {
  readonly start: number;
  readonly end: number;
  group(index: number): string | undefined;
}

type Captures = (number | undefined)[];
/** Where the rest of the pattern goes on; false when it does not fit. */
type Next = (at: number) => boolean;
type Matcher = (at: number, next: Next) => boolean;

const MAX_CACHED = 200;
/** Repetitions of groups inside each other; single letters do not count. */
const MAX_NESTING = 2_000;
/** What one try costs, in characters. */
const TRY = 4;
const compiled = new Map<string, PythonRegex>();

/** Compiled once per pattern. Throws Python's re.error for what is no pattern. */
export function pythonRegex(pattern: string): PythonRegex {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    regex = new PythonRegex(pattern);
    if (compiled.size < MAX_CACHED) compiled.set(pattern, regex);
  }
  return regex;
}

/**
 * Python's regular expressions, matched by trying: every try counts as work of the evaluation, so that a pattern that would take for ever
 * ends with TemplateLimit. JavaScript's own engine cannot be stopped, and reads some patterns otherwise.
 */
export class PythonRegex {
  readonly groups: number;
  private readonly names: ReadonlyMap<string, number>;
  private readonly match: Matcher;
  private text: readonly string[] = [];
  private captures: Captures = [];
  private nesting = 0;

  constructor(pattern: string) {
    const { node, groups, names } = parseRegex(pattern);
    this.groups = groups;
    this.names = names;
    this.match = this.compile(node);
  }

  /** The first place at or after `from` (in code points) where it fits. */
  search(text: string | readonly string[], from: number): Match | null {
    const letters = typeof text === 'string' ? [...text] : text;
    spend(letters.length / 16);
    for (let start = from; start <= letters.length; start++) {
      this.text = letters;
      this.captures = [];
      this.nesting = 0;
      let end = -1;
      spend(TRY);
      if (!this.match(start, (at) => ((end = at), true))) continue;
      const captures = [...this.captures];
      captures[0] = start;
      captures[1] = end;
      return {
        start,
        end,
        group: (index) => {
          const [first, last] = [captures[index * 2], captures[index * 2 + 1]];
          return first === undefined || last === undefined ? undefined : letters.slice(first, last).join('');
        },
      };
    }
    return null;
  }

  /** Python's re.sub: `\1`, `\g<name>` in the replacement stand for groups. */
  replace(text: string, replacement: string): string {
    const letters = [...text];
    const out: string[] = [];
    let at = 0;
    for (let from = 0; from <= letters.length;) {
      const match = this.search(letters, from);
      if (match === null) break;
      const piece = this.expand(replacement, match);
      spend(piece.length);
      out.push(letters.slice(at, match.start).join(''), piece);
      at = match.end;
      from = match.end > match.start ? match.end : match.end + 1;
      // An empty match leaves its letter where it is.
    }
    return out.join('') + letters.slice(at).join('');
  }

  private expand(replacement: string, match: Match): string {
    return replacement.replace(/\\(?:g<(\w+)>|([1-9]\d?)|([^]))/g, (_all, name?: string, number?: string, letter?: string) => {
      if (letter !== undefined) return escapeOf(letter);
      const index = number ?? name ?? '';
      const group = /^\d+$/.test(index) ? Number(index) : (this.names.get(index) ?? NaN);
      if (!(group <= this.groups)) throw new TemplateError('invalid group reference', 'value', 'error');
      return match.group(group) ?? '';
    });
  }

  private compile(node: RegexNode): Matcher {
    switch (node.kind) {
      case 'empty':
        return (at, next) => next(at);
      case 'letter': {
        const { test } = node;
        return (at, next) => {
          const letter = this.text[at];
          return letter !== undefined && test(letter) && next(at + 1);
        };
      }
      case 'sequence':
        return node.items
          .map((item) => this.compile(item))
          .reduceRight(
            (rest: Matcher, first: Matcher): Matcher =>
              (at, next) =>
                first(at, (end) => rest(end, next)),
          );
      case 'choice': {
        const ways = node.items.map((item) => this.compile(item));
        return (at, next) =>
          ways.some((way) => {
            spend(TRY);
            return way(at, next);
          });
      }
      case 'group': {
        const inner = this.compile(node.item);
        const { index } = node;
        return (at, next) => {
          const [first, last] = [this.captures[index * 2], this.captures[index * 2 + 1]];
          const fits = inner(at, (end) => {
            const before = [this.captures[index * 2], this.captures[index * 2 + 1]];
            [this.captures[index * 2], this.captures[index * 2 + 1]] = [at, end];
            if (next(end)) return true;
            [this.captures[index * 2], this.captures[index * 2 + 1]] = [before[0], before[1]];
            return false;
          });
          if (!fits) [this.captures[index * 2], this.captures[index * 2 + 1]] = [first, last];
          return fits;
        };
      }
      case 'back': {
        const { index, same } = node;
        return (at, next) => {
          const [first, last] = [this.captures[index * 2], this.captures[index * 2 + 1]];
          if (first === undefined || last === undefined) return false;
          spend(last - first);
          for (let i = first; i < last; i++) if (!same(this.text[i] ?? '', this.text[at + i - first])) return false;
          return next(at + last - first);
        };
      }
      case 'place': {
        const { holds } = node;
        return (at, next) => holds(this.text, at) && next(at);
      }
      case 'look':
        return this.look(node);
      case 'repeat':
        return node.item.kind === 'letter' ? this.repeatLetter(node, node.item.test) : this.repeatGroup(node);
    }
  }

  private look({ item, ahead, wanted, width }: Extract<RegexNode, { kind: 'look' }>): Matcher {
    const inner = this.compile(item);
    return (at, next) => {
      const from = ahead ? at : at - width;
      const fits = from >= 0 && inner(from, (end) => ahead || end === at);
      return fits === wanted && next(at);
    };
  }

  /** One letter many times: counted in a loop, so that long texts need no stack. */
  private repeatLetter(
    { least, most, greedy }: Extract<RegexNode, { kind: 'repeat' }>,
    test: (letter: string) => boolean,
  ): Matcher {
    return (at, next) => {
      const fits = (count: number): boolean => {
        const letter = this.text[at + count];
        return letter !== undefined && test(letter);
      };
      let count = 0;
      while (count < least) {
        if (!fits(count)) return false;
        count++;
      }
      if (!greedy) {
        for (;;) {
          spend(TRY);
          if (next(at + count)) return true;
          if (count >= most || !fits(count)) return false;
          count++;
        }
      }
      while (count < most && fits(count)) count++;
      spend(count);
      for (; count >= least; count--) {
        spend(TRY);
        if (next(at + count)) return true;
      }
      return false;
    };
  }

  private repeatGroup({ item, least, most, greedy }: Extract<RegexNode, { kind: 'repeat' }>): Matcher {
    const inner = this.compile(item);
    const attempt = (at: number, count: number, next: Next): boolean => {
      spend(TRY);
      if (++this.nesting > MAX_NESTING) throw new TemplateError('the pattern repeats too deeply', 'value', 'TemplateLimit');
      const more = (): boolean =>
        count < most && inner(at, (end) => (end > at || count < least) && attempt(end, count + 1, next));
      const done = (): boolean => count >= least && next(at);
      const fits = greedy ? more() || done() : done() || more();
      this.nesting--;
      return fits;
    };
    return (at, next) => attempt(at, 0, next);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  '0': '\0',
};

function escapeOf(letter: string): string {
  const known = ESCAPES[letter];
  if (known === undefined && /[A-Za-z]/.test(letter)) throw new TemplateError('bad escape in the replacement', 'value', 'error');
  return known ?? `\\${letter}`;
}
