/** A name as it stands in a JSON pointer (RFC 6901). */
export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The names of a JSON pointer (RFC 6901). */
export const pointerNames = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => unescapePointer(name));

export const unescapePointer = (name: string): string => name.replaceAll('~1', '/').replaceAll('~0', '~');

/** RFC 6901 pointer of a path. */
export const toPointer = (path: readonly PropertyKey[]): string => path.map((name) => `/${escapePointer(String(name))}`).join('');
