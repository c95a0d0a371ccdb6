import { createHash } from 'node:crypto';
import type { NamingStyle } from '../contracts/nesting.js';
import { pathKey } from './column.js';

/** What a destination takes as the name of a column. */
export interface NamingRules {
  /** Of a name's UTF-8; longer ones would be cut, and two cut names may become one. */
  maxBytes: number;
  /** Characters that no name may have: one regular expression, global. */
  forbidden: RegExp;
  /** Names that the destination keeps for itself, in lower case unless case matters. */
  reserved: ReadonlySet<string>;
  /** Whether `a` and `A` are two columns. */
  caseSensitive: boolean;
}

const DIGEST_CHARS = 8;
/** Between the keys of a flattened path. */
const SEPARATOR = '__';

export interface NamingRequest {
  /** In column order. */
  paths: readonly (readonly string[])[];
  rules: NamingRules;
  style?: NamingStyle;
  /** Names that fields were given before, by `pathKey`: they keep them, and no other field is ever given one of these. */
  known?: ReadonlyMap<string, string>;
  /** Names that no field may be given. */
  taken?: readonly string[];
}

/**
 * A name for every path, by `pathKey`. Pure. A field whose name needs no change gets it; of several fields that want one name, or where a name
 * had to be cut, the field's own digest is added, so that the name does not depend on what else the stream has or had.
 */
export function nameFields({ paths, rules, style = 'keep', known = new Map(), taken = [] }: NamingRequest): Map<string, string> {
  const fold = (name: string): string => (rules.caseSensitive ? name : name.toLowerCase());
  const used = new Set([...known.values(), ...taken].map(fold));
  const names = new Map<string, string>();
  const give = (key: string, name: string): void => {
    names.set(key, name);
    used.add(fold(name));
  };
  for (const path of paths) {
    const kept = known.get(pathKey(path));
    if (kept !== undefined) give(pathKey(path), kept);
  }
  const open = paths.filter((path) => !names.has(pathKey(path)));
  // Whoever has a name as it is goes before whoever would have to be changed into it, wherever they stand.
  for (const unchanged of [true, false])
    for (const path of open) {
      const key = pathKey(path);
      const wanted = path.join(SEPARATOR);
      const { name, whole } = legalName(wanted, rules, style);
      if (names.has(key) || (path.length === 1 && name === wanted) !== unchanged) continue;
      give(key, whole && !used.has(fold(name)) ? name : withDigest(name, key, rules, (other) => used.has(fold(other))));
    }
  return names;
}

/** The nearest name that the destination takes; `whole`: nothing of it was cut. */
function legalName(wanted: string, rules: NamingRules, style: NamingStyle): { name: string; whole: boolean } {
  let name = wellFormed(wanted).replace(rules.forbidden, '_');
  if (style === 'snake_case') name = snakeCase(name);
  if (name === '') name = '_';
  if (rules.reserved.has(rules.caseSensitive ? name : name.toLowerCase())) name += '_';
  const cut = cutTo(name, rules.maxBytes);
  return { name: cut, whole: cut === name };
}

function withDigest(name: string, key: string, rules: NamingRules, isUsed: (name: string) => boolean): string {
  const digest = createHash('sha256').update(key).digest('hex');
  for (let chars = DIGEST_CHARS; ; chars += DIGEST_CHARS) {
    const tail = `_${digest.slice(0, chars)}`;
    const candidate = cutTo(name, rules.maxBytes - tail.length) + tail;
    if (!isUsed(candidate) || chars >= digest.length) return candidate;
  }
}

const snakeCase = (name: string): string =>
  name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^(?=\p{N})/u, '_');

/** At most so many bytes of UTF-8, without half a character. */
function cutTo(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  let cut = '';
  let bytes = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    cut += character;
  }
  return cut;
}

/** String.prototype.toWellFormed (ES2024, in Node since 20): half a surrogate pair has no UTF-8. */
const wellFormed = (text: string): string => (text as unknown as { toWellFormed(): string }).toWellFormed();
