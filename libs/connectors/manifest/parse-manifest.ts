import { Composer, Lexer, LineCounter, Parser, type CST, type Document } from 'yaml';
import { SluiceError } from '../../errors/index.js';
import { locateIn, placeOf, type Locate } from '../../yaml/index.js';
import { MANIFEST_LIMITS } from './unfolded-size.js';
import { YAML_SCALARS } from './yaml-dialect.js';

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Resolving them takes time by their square; real manifests have some hundred. */
const MAX_ANCHORS = 5_000;
/** Of one anchor, by way of others too. */
const MAX_ALIASES = 10_000;
/** Some 2 s of parsing; a manifest of 1 MB has some 200,000. */
const MAX_LEXEMES = 800_000;

/** A manifest as text became a tree, and where in the text its parts are. */
export interface ParsedManifest {
  tree: unknown;
  locate: Locate;
}

/**
 * Reads YAML or JSON. Throws MANIFEST_INVALID with line and column. Aliases are shared, not copied: measure before walking.
 */
export function parseManifest(text: string): ParsedManifest {
  if (Buffer.byteLength(text) > MAX_MANIFEST_BYTES)
    throw invalid([{ path: '', message: `the manifest is larger than ${MAX_MANIFEST_BYTES} bytes` }]);
  const { document, lines } = parse(text);
  if (document.errors.length > 0)
    throw invalid(
      document.errors
        .slice(0, 20)
        .map(({ message, pos }) => ({ path: '', message: `${message} (line ${placeOf(lines, pos[0])})` })),
    );
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid([{ path: '', message: 'the anchors and aliases cannot be resolved' }], error);
  }
  return { tree, locate: locateIn(document, lines) };
}

/** The parser below is not recursive and the composer is: what nests too deep must not get to it. */
function parse(text: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  const tokens = [...boundedTokens(text, lines)];
  // merge: Airbyte's reader (YAML 1.1) knows `<<`; of equal keys the last counts, as there. Looking for them takes quadratic time here.
  const composer = new Composer({
    ...{ merge: true, uniqueKeys: false, prettyErrors: false },
    ...{ schema: 'failsafe', customTags: [...YAML_SCALARS] },
  });
  const [document, ...others] = composer.compose(tokens, true, text.length);
  if (document === undefined || others.length > 0) throw invalid([{ path: '', message: 'a manifest is one document' }]);
  return { document, lines };
}

function* boundedTokens(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let [lexemes, anchors] = [0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme.startsWith('*') || lexeme.startsWith('&')) anchors += 1;
    lexemes += 1;
    if (lexemes > MAX_LEXEMES)
      throw invalid([{ path: '', message: `the manifest has more than ${MAX_LEXEMES} words and signs` }]);
    // Texts may begin with these letters too.
    if (anchors > MAX_ANCHORS)
      throw invalid([{ path: '', message: `the manifest has more than ${MAX_ANCHORS} anchors and aliases` }]);
    yield* parser.next(lexeme);
    if (parser.stack.length > MANIFEST_LIMITS.depth) throw invalid([{ path: '', message: 'the manifest is nested too deep' }]);
  }
  yield* parser.end();
}

const invalid = (errors: { path: string; message: string }[], cause?: unknown): SluiceError =>
  new SluiceError('MANIFEST_INVALID', { detail: errors[0]?.message, errors, cause });
