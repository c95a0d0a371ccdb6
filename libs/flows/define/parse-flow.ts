import { LineCounter, parseDocument } from 'yaml';
import { SluiceError, type FieldError } from '../../errors/index.js';
import { located, locateIn, placeOf } from '../../yaml/index.js';

const MAX_FLOW_BYTES = 256 * 1024;
const MAX_ERRORS = 20;
const MAX_ALIASES = 1_000;

/** A flow's text as JSON, and where in the text its parts are. */
export interface ParsedFlow {
  tree: unknown;
  /** The errors with the line and column of what they are about. */
  located(errors: readonly FieldError[]): FieldError[];
}

/** Reads YAML 1.2 (or JSON). Errors: FLOW_INVALID with line and column. */
export function parseFlow(text: string): ParsedFlow {
  const lines = new LineCounter();
  if (Buffer.byteLength(text) > MAX_FLOW_BYTES)
    throw flowInvalid([{ path: '', message: `is larger than ${MAX_FLOW_BYTES} bytes` }]);
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    if (document.errors.length > 0)
      throw flowInvalid(
        document.errors
          .slice(0, MAX_ERRORS)
          .map(({ message, pos }) => ({ path: '', message: `${message} (line ${placeOf(lines, pos[0])})` })),
      );
    const tree: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    const locate = locateIn(document, lines);
    return { tree, located: (errors) => errors.map((error) => located(error, locate)) };
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    // Nested deeper than the parser goes, or aliases without end.
    throw flowInvalid([{ path: '', message: 'cannot be read' }], error);
  }
}

/** The first mistake is in the words. */
export function flowInvalid(errors: readonly FieldError[], cause?: unknown): SluiceError {
  const [first] = errors;
  return new SluiceError('FLOW_INVALID', {
    detail: first === undefined ? 'the flow is not valid' : `${first.path === '' ? 'the flow' : first.path} ${first.message}`,
    errors: errors.slice(0, MAX_ERRORS),
    cause,
  });
}
