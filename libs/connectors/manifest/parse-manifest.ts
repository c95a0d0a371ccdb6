import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import { SluiceError } from '../../errors/index.js';

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** A manifest as text became a tree, and where in the text its parts are. */
export interface ParsedManifest {
  tree: unknown;
  /** `line:column` of a JSON pointer, or undefined for parts that the text does not hold. */
  locate: (pointer: string) => string | undefined;
}

/** Reads YAML or JSON. Throws MANIFEST_INVALID with line and column. */
export function parseManifest(text: string): ParsedManifest {
  if (text.length > MAX_MANIFEST_BYTES)
    throw invalid([{ path: '', message: `the manifest is larger than ${MAX_MANIFEST_BYTES} bytes` }]);
  const lines = new LineCounter();
  // merge: Airbyte's reader (YAML 1.1) knows `<<`.
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  if (document.errors.length > 0)
    throw invalid(
      document.errors.slice(0, 20).map(({ message, pos }) => ({ path: '', message: `${message} (line ${place(pos[0])})` })),
    );
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 1_000 });
  } catch (error) {
    throw invalid([{ path: '', message: 'the anchors and aliases cannot be resolved' }], error);
  }
  return { tree, locate: (pointer) => locate(document, pointer, place) };
}

function locate(document: Document, pointer: string, place: (offset: number) => string): string | undefined {
  const keys = pointer.split('/').slice(1).map(unescapePointer);
  for (; keys.length >= 0; keys.pop()) {
    const node: unknown = document.getIn(keys, true);
    if (isNode(node) && node.range) return place(node.range[0]);
    if (keys.length === 0) return undefined;
  }
  return undefined;
}

export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
export const unescapePointer = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

const invalid = (errors: { path: string; message: string }[], cause?: unknown): SluiceError =>
  new SluiceError('MANIFEST_INVALID', { detail: errors[0]?.message, errors, cause });
