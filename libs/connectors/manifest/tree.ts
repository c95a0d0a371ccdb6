/** An object of a parsed manifest. */
export type Tree = Record<string, unknown>;

export { isObject } from '../../json/index.js';

/** What a value is, for error messages; never its content, except for short plain values. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
