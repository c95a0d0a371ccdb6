import { TemplateError } from '../errors.js';

type Letter = (letter: string) => boolean;

/** A pattern as parsed. */
export type RegexNode =
  | { kind: 'empty' }
  | { kind: 'letter'; test: Letter }
  | { kind: 'sequence' | 'choice'; items: RegexNode[] }
  | { kind: 'group'; index: number; item: RegexNode }
  | { kind: 'back'; index: number; same: (a: string, b: string | undefined) => boolean }
  | { kind: 'place'; holds: (text: readonly string[], at: number) => boolean }
  /** `width`: of what is looked back at. */
  | { kind: 'look'; item: RegexNode; ahead: boolean; wanted: boolean; width: number }
  | { kind: 'repeat'; item: RegexNode; least: number; most: number; greedy: boolean };

interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
  verbose: boolean;
  ascii: boolean;
}

const MAX_DEPTH = 100;
const bad = (message: string): TemplateError => new TemplateError(`the pattern is not valid: ${message}`, 'value', 'error');

const DIGIT = /^\p{Nd}$/u;
const WORD = /^[\p{L}\p{N}_]$/u;
// Python counts four control letters as blanks.
// eslint-disable-next-line no-control-regex -- they are meant
const SPACE = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
const isWord = (letter: string | undefined): boolean => letter !== undefined && WORD.test(letter);

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };
const fold = (letter: string): string => letter.toLowerCase();

/** Reads a pattern of Python's `re`. Throws Python's re.error. */
export function parseRegex(pattern: string): { node: RegexNode; groups: number; names: ReadonlyMap<string, number> } {
  const parser = new RegexParser([...pattern]);
  return { node: parser.whole(), groups: parser.groups, names: parser.names };
}

class RegexParser {
  private at = 0;
  private depth = 0;
  private flags: Flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false };
  groups = 0;
  readonly names = new Map<string, number>();

  constructor(private readonly letters: readonly string[]) {}

  whole(): RegexNode {
    const node = this.choice();
    if (this.at < this.letters.length) throw bad('unbalanced parenthesis');
    return node;
  }

  private accept(text: string): boolean {
    const fits = [...text].every((letter, i) => this.letters[this.at + i] === letter);
    if (fits) this.at += [...text].length;
    return fits;
  }

  private choice(): RegexNode {
    if (++this.depth > MAX_DEPTH) throw bad('nested too deeply');
    const items = [this.sequence()];
    while (this.accept('|')) items.push(this.sequence());
    this.depth--;
    return items.length === 1 ? (items[0] as RegexNode) : { kind: 'choice', items };
  }

  private sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      const letter = this.letters[this.at];
      if (letter === undefined || letter === '|' || letter === ')') break;
      if (this.flags.verbose && this.skipBlanks()) continue;
      const item = this.atom();
      if (item !== null) items.push(this.repeated(item));
    }
    return items.length === 0 ? { kind: 'empty' } : { kind: 'sequence', items };
  }

  private skipBlanks(): boolean {
    const letter = this.letters[this.at] ?? '';
    if (letter === '#') while (this.at < this.letters.length && this.letters[this.at] !== '\n') this.at++;
    else if (SPACE.test(letter)) this.at++;
    else return false;
    return true;
  }

  private repeated(item: RegexNode): RegexNode {
    let node = item;
    for (let first = true; ; first = false) {
      const bounds = this.bounds();
      if (bounds === null) return node;
      if (!first) throw bad('multiple repeat');
      if (item.kind === 'place') throw bad('nothing to repeat');
      const greedy = !this.accept('?');
      node = { kind: 'repeat', item, ...bounds, greedy };
    }
  }

  private bounds(): { least: number; most: number } | null {
    if (this.accept('*')) return { least: 0, most: Infinity };
    if (this.accept('+')) return { least: 1, most: Infinity };
    if (this.accept('?')) return { least: 0, most: 1 };
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(this.letters.slice(this.at, this.at + 24).join(''));
    if (match === null || (match[1] === '' && match[3] === '' && match[2] === '')) return null;
    this.at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === '' ? least : match[3] === '' ? Infinity : Number(match[3]);
    if (most < least) throw bad('min repeat greater than max repeat');
    return { least, most };
  }

  private atom(): RegexNode | null {
    const letter = this.letters[this.at++] ?? '';
    switch (letter) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'letter', test: this.set() };
      case '.': {
        const { dotAll } = this.flags;
        return { kind: 'letter', test: (other) => dotAll || other !== '\n' };
      }
      case '^': {
        const { multiline } = this.flags;
        return { kind: 'place', holds: (text, at) => at === 0 || (multiline && text[at - 1] === '\n') };
      }
      case '$': {
        const { multiline } = this.flags;
        return {
          kind: 'place',
          holds: (text, at) => at === text.length || (text[at] === '\n' && (multiline || at === text.length - 1)),
        };
      }
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw bad('nothing to repeat');
      default:
        return this.literal(letter);
    }
  }

  private literal(letter: string): RegexNode {
    if (!this.flags.ignoreCase) return { kind: 'letter', test: (other) => other === letter };
    const folded = fold(letter);
    return { kind: 'letter', test: (other) => fold(other) === folded };
  }

  private group(): RegexNode | null {
    if (this.accept('?')) return this.extension();
    const index = ++this.groups;
    return { kind: 'group', index, item: this.closed() };
  }

  private closed(flags: Flags = this.flags): RegexNode {
    const before = this.flags;
    this.flags = flags;
    const item = this.choice();
    this.flags = before;
    if (!this.accept(')')) throw bad('missing ), unterminated subpattern');
    return item;
  }

  private extension(): RegexNode | null {
    if (this.accept(':')) return this.closed();
    if (this.accept('#')) {
      while (this.at < this.letters.length && this.letters[this.at] !== ')') this.at++;
      this.at++;
      return null;
    }
    for (const [mark, ahead, wanted] of LOOKS)
      if (this.accept(mark)) {
        const item = this.closed();
        return { kind: 'look', item, ahead, wanted, width: ahead ? 0 : widthOf(item) };
      }
    if (this.accept('P<')) {
      const name = this.until('>');
      const index = ++this.groups;
      if (this.names.has(name)) throw bad('redefinition of a group name');
      this.names.set(name, index);
      return { kind: 'group', index, item: this.closed() };
    }
    if (this.accept('P=')) return this.back(this.names.get(this.until(')')));
    return this.inlineFlags();
  }

  private until(end: string): string {
    let text = '';
    while (this.letters[this.at] !== end) {
      const letter = this.letters[this.at++];
      if (letter === undefined) throw bad(`missing ${end}`);
      text += letter;
    }
    this.at++;
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)) throw bad('bad character in group name');
    return text;
  }

  private inlineFlags(): RegexNode | null {
    const flags = { ...this.flags };
    let value = true;
    for (;;) {
      const letter = this.letters[this.at++] ?? '';
      if (letter === '-') value = false;
      else if (letter === 'i') flags.ignoreCase = value;
      else if (letter === 'm') flags.multiline = value;
      else if (letter === 's') flags.dotAll = value;
      else if (letter === 'x') flags.verbose = value;
      else if (letter === 'a') flags.ascii = value;
      else if (letter === ':') return this.closed(flags);
      else if (letter === ')') {
        this.flags = flags;
        return null;
      } else if (letter !== 'u') throw bad('unknown extension');
    }
  }

  private back(index: number | undefined): RegexNode {
    if (index === undefined || index > this.groups) throw bad('invalid group reference');
    const { ignoreCase } = this.flags;
    return { kind: 'back', index, same: (a, b) => a === b || (ignoreCase && b !== undefined && fold(a) === fold(b)) };
  }

  private escape(): RegexNode {
    const letter = this.letters[this.at] ?? '';
    const boundary = (text: readonly string[], at: number): boolean => isWord(text[at - 1]) !== isWord(text[at]);
    if (letter === 'b' || letter === 'B' || letter === 'A' || letter === 'Z') {
      this.at++;
      if (letter === 'A') return { kind: 'place', holds: (_text, at) => at === 0 };
      if (letter === 'Z') return { kind: 'place', holds: (text, at) => at === text.length };
      return { kind: 'place', holds: (text, at) => boundary(text, at) === (letter === 'b') };
    }
    if (/[1-9]/.test(letter)) {
      const digits = /^[1-9]\d?/.exec(this.letters.slice(this.at, this.at + 2).join(''))?.[0] ?? '';
      this.at += digits.length;
      return this.back(Number(digits));
    }
    const kind = this.kindOf();
    return kind === null ? this.literal(this.code()) : { kind: 'letter', test: kind };
  }

  /** `\d`, `\w`, `\s` and their opposites. */
  private kindOf(): Letter | null {
    const letter = this.letters[this.at] ?? '';
    const { ascii } = this.flags;
    const table: Readonly<Record<string, RegExp>> = ascii
      ? { d: /^\d$/, w: /^\w$/, s: /^[ \t-\r]$/ }
      : { d: DIGIT, w: WORD, s: SPACE };
    const pattern = table[letter.toLowerCase()];
    if (pattern === undefined) return null;
    this.at++;
    const wanted = letter === letter.toLowerCase();
    return (other) => pattern.test(other) === wanted;
  }

  /** The letter that an escape stands for. */
  private code(): string {
    const letter = this.letters[this.at++];
    if (letter === undefined) throw bad('bad escape (end of pattern)');
    const width = { x: 2, u: 4, U: 8 }[letter];
    if (width !== undefined) {
      const digits = this.letters.slice(this.at, this.at + width).join('');
      if (digits.length < width || !/^[\da-f]+$/i.test(digits) || parseInt(digits, 16) > 0x10ffff) throw bad('incomplete escape');
      this.at += width;
      return String.fromCodePoint(parseInt(digits, 16));
    }
    if (letter === '0') return '\0';
    const control = CONTROLS[letter];
    if (control === undefined && /[A-Za-z0-9]/.test(letter)) throw bad(`bad escape \\${letter}`);
    return control ?? letter;
  }

  private set(): Letter {
    const negated = this.accept('^');
    const tests: Letter[] = [];
    for (let first = true; ; first = false) {
      if (this.at >= this.letters.length) throw bad('unterminated character set');
      if (!first && this.accept(']')) break;
      const low = this.member();
      if (typeof low !== 'string') tests.push(low);
      else if (this.letters[this.at] === '-' && this.letters[this.at + 1] !== ']' && this.at + 1 < this.letters.length) {
        this.at++;
        const high = this.member();
        if (typeof high !== 'string' || (high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) throw bad('bad character range');
        tests.push(range(low, high));
      } else tests.push((other) => other === low);
    }
    const { ignoreCase } = this.flags;
    const inside: Letter = (other) =>
      tests.some((test) => test(other) || (ignoreCase && (test(other.toLowerCase()) || test(other.toUpperCase()))));
    return (other) => inside(other) !== negated;
  }

  private member(): string | Letter {
    if (!this.accept('\\')) return this.letters[this.at++] ?? '';
    if (this.accept('b')) return '\b';
    return this.kindOf() ?? this.code();
  }
}

const LOOKS = [
  ['=', true, true],
  ['!', true, false],
  ['<=', false, true],
  ['<!', false, false],
] as const;

function range(low: string, high: string): Letter {
  const [from, to] = [low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0];
  return (other) => {
    const code = other.codePointAt(0) ?? 0;
    return code >= from && code <= to;
  };
}

/** What is looked back at has one width, as in Python. */
function widthOf(node: RegexNode): number {
  switch (node.kind) {
    case 'empty':
    case 'place':
    case 'look':
      return 0;
    case 'letter':
      return 1;
    case 'group':
      return widthOf(node.item);
    case 'sequence':
      return node.items.reduce((sum, item) => sum + widthOf(item), 0);
    case 'choice': {
      const [first = 0, ...rest] = node.items.map(widthOf);
      if (rest.some((width) => width !== first)) throw bad('look-behind requires fixed-width pattern');
      return first;
    }
    case 'repeat':
      if (node.least !== node.most) throw bad('look-behind requires fixed-width pattern');
      return node.least * widthOf(node.item);
    case 'back':
      throw bad('look-behind requires fixed-width pattern');
  }
}
