import { TemplateSyntaxError } from '../errors.js';
import type { Expression, Node, Signature } from './ast.js';
import type { Segment } from './lexer.js';
import { ExpressionParser } from './parser.js';

type Code = Exclude<Segment, { kind: 'text' }>;
const MAX_BLOCKS = 50;

/** Reads the statements of a cut template into a tree. Throws TemplateSyntaxError. */
export function readStatements(found: readonly Segment[]): Node[] {
  return new StatementReader(found).read();
}

class StatementReader {
  private at = 0;
  private open: { keyword: string; offset: number }[] = [];

  constructor(private readonly found: readonly Segment[]) {}

  read(): Node[] {
    const nodes = this.until([]);
    const rest = this.found[this.at];
    if (rest !== undefined && rest.kind !== 'text')
      throw new TemplateSyntaxError(`"${keywordOf(rest)}" without its beginning`, rest.offset);
    return nodes;
  }

  /** Nodes up to a statement with one of these words, which stays the current one. */
  private until(words: readonly string[]): Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const segment = this.found[this.at];
      if (segment === undefined) {
        const opened = this.open.at(-1);
        if (opened !== undefined) throw new TemplateSyntaxError(`"${opened.keyword}" is not closed`, opened.offset);
        return nodes;
      }
      if (segment.kind === 'text') {
        nodes.push(segment);
        this.at++;
      } else if (segment.kind === 'print') {
        this.at++;
        const parser = new ExpressionParser(segment.tokens);
        nodes.push({ kind: 'print', expressions: [parser.tuple()] });
        parser.end();
      } else {
        const keyword = keywordOf(segment);
        if (words.includes(keyword) || ENDS.has(keyword)) return nodes;
        this.at++;
        nodes.push(this.statement(keyword, segment));
      }
    }
  }

  /** The body of a block, and the word that ended it with its parser; throws when another word comes first. */
  private body(opened: Code, words: readonly string[]): { body: Node[]; word: string; parser: ExpressionParser } {
    if (this.open.push({ keyword: keywordOf(opened), offset: opened.offset }) > MAX_BLOCKS)
      throw new TemplateSyntaxError('the blocks are nested too deeply', opened.offset);
    const body = this.until(words);
    const segment = this.found[this.at] as Code;
    const word = keywordOf(segment);
    if (!words.includes(word))
      throw new TemplateSyntaxError(`found "${word}" where "${keywordOf(opened)}" is to be closed`, segment.offset);
    this.open.pop();
    this.at++;
    return { body, word, parser: new ExpressionParser(segment.tokens.slice(1)) };
  }

  private block(opened: Code, parser: ExpressionParser, end: string): Node[] {
    parser.accept(':');
    parser.end();
    const closed = this.body(opened, [end]);
    closed.parser.end();
    return closed.body;
  }

  private statement(keyword: string, segment: Code): Node {
    const parser = new ExpressionParser(segment.tokens.slice(1));
    switch (keyword) {
      case 'set':
        return this.assignment(segment, parser);
      case 'if':
        return this.condition(segment, parser);
      case 'for':
        return this.loop(segment, parser);
      case 'macro': {
        const { offset } = parser.current;
        const name = parser.name();
        return { kind: 'macro', name, offset, signature: signature(parser), body: this.block(segment, parser, 'endmacro') };
      }
      case 'call': {
        const given = parser.is('(') ? signature(parser) : { params: [] };
        const call = parser.expression();
        if (call.kind !== 'call') throw new TemplateSyntaxError('"call" needs a call', segment.offset);
        return { kind: 'call', signature: given, call, body: this.block(segment, parser, 'endcall') };
      }
      case 'filter': {
        const filter = parser.filter(null, true);
        if (filter === null) throw parser.unexpected('a filter');
        return { kind: 'filter', filter, body: this.block(segment, parser, 'endfilter') };
      }
      case 'with':
        return this.scopedNames(segment, parser);
      case 'autoescape':
        parser.expression();
        return { kind: 'scope', body: this.block(segment, parser, 'endautoescape') };
      case 'block': {
        parser.name();
        while (parser.accept('scoped') || parser.accept('required'));
        parser.end();
        const { body } = this.body(segment, ['endblock']);
        return { kind: 'scope', body };
      }
      case 'print': {
        const expressions: Expression[] = [];
        while (!parser.atEnd) {
          if (expressions.length > 0) parser.expect(',');
          expressions.push(parser.expression());
        }
        return { kind: 'print', expressions };
      }
      case 'extends':
      case 'include':
      case 'import':
      case 'from':
        return this.load(keyword, parser);
      default:
        throw new TemplateSyntaxError(`there is no statement "${keyword}"`, segment.offset);
    }
  }

  private assignment(segment: Code, parser: ExpressionParser): Node {
    const target = parser.target(true, ['=']);
    if (parser.accept('=')) {
      const expression = parser.tuple();
      parser.end();
      return { kind: 'set', target, expression };
    }
    const filter = parser.filter(null);
    return { kind: 'capture', target, filter, body: this.block(segment, parser, 'endset') };
  }

  private condition(segment: Code, parser: ExpressionParser): Node {
    const branches: Extract<Node, { kind: 'if' }>['branches'] = [];
    let condition: Expression | null = parser.tuple(false);
    let current = parser;
    for (;;) {
      current.accept(':');
      current.end();
      const closed = this.body(segment, condition === null ? ['endif'] : ['elif', 'else', 'endif']);
      branches.push({ condition, body: closed.body });
      if (closed.word === 'endif') return { kind: 'if', branches };
      current = closed.parser;
      condition = closed.word === 'elif' ? current.tuple(false) : null;
    }
  }

  private loop(segment: Code, parser: ExpressionParser): Node {
    const target = parser.target(false, ['in']);
    parser.expect('in');
    const over = parser.tuple(false, ['recursive']);
    const test = parser.accept('if') ? parser.expression() : null;
    const recursive = parser.accept('recursive');
    parser.accept(':');
    parser.end();
    const first = this.body(segment, ['endfor', 'else']);
    const otherwise = first.word === 'else' ? this.block(segment, first.parser, 'endfor') : [];
    return { kind: 'for', target, over, test, recursive, body: first.body, otherwise };
  }

  private scopedNames(segment: Code, parser: ExpressionParser): Node {
    const assignments: Extract<Node, { kind: 'with' }>['assignments'] = [];
    while (!parser.atEnd) {
      if (assignments.length > 0) parser.expect(',');
      const target = parser.target(false, ['=']);
      parser.expect('=');
      assignments.push({ target, value: parser.expression() });
    }
    return { kind: 'with', assignments, body: this.block(segment, parser, 'endwith') };
  }

  private load(keyword: string, parser: ExpressionParser): Node {
    const template = parser.expression();
    if (keyword === 'import') parser.expect('as');
    if (keyword === 'from') parser.expect('import');
    const stores = keyword === 'import' || keyword === 'from' ? [parser.target(false)] : [];
    return { kind: 'load', template, stores };
  }
}

const ENDS = new Set('elif else endif endfor endmacro endcall endfilter endset endwith endautoescape endblock'.split(' '));

function keywordOf(segment: Segment): string {
  if (segment.kind === 'text') return '';
  const [first] = segment.tokens;
  if (first?.kind !== 'name') throw new TemplateSyntaxError('a statement begins with its name', segment.offset);
  return first.text;
}

function signature(parser: ExpressionParser): Signature {
  const params: Signature['params'] = [];
  parser.expect('(');
  while (!parser.accept(')')) {
    if (params.length > 0) parser.expect(',');
    const name = parser.name();
    const otherwise = parser.accept('=') ? parser.expression() : null;
    if (otherwise === null && params.some((earlier) => earlier.otherwise !== null))
      throw parser.unexpected('a default, since the parameter before has one');
    params.push({ name, otherwise });
  }
  return { params };
}
