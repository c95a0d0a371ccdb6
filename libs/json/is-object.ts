/** An object of parsed JSON or YAML, no list. By shape, not by class: parsed values may come from another realm. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
