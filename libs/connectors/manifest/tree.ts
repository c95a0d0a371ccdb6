/** An object of a parsed manifest. */
export type Tree = Record<string, unknown>;

/** By shape, not by class: parsed values may come from another realm. */
export const isObject = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value is, for error messages; never its content, except for short plain values. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
