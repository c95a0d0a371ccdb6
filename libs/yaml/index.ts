import { isNode, type Document, type LineCounter } from 'yaml';
import type { FieldError } from '../errors/index.js';
import { pointerNames } from '../json/index.js';

/** `line:column` of a JSON pointer, of the nearest part around what the text does not hold; undefined where nothing is known. */
export type Locate = (pointer: string) => string | undefined;

/** `line:column` of a character. */
export function placeOf(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

/** Finds the parts of a YAML document. */
export function locateIn(document: Document, lines: LineCounter): Locate {
  return (pointer) => {
    for (const names = pointerNames(pointer); ; names.pop()) {
      const node: unknown = document.getIn(names, true);
      if (isNode(node) && node.range) return placeOf(lines, node.range[0]);
      if (names.length === 0) return undefined;
    }
  };
}

/** The error with the line and column of what it is about. */
export function located(error: FieldError, locate: Locate): FieldError {
  const at = locate(error.path);
  return at === undefined ? error : { ...error, message: `${error.message} (line ${at})` };
}
