import { item } from '../access.js';
import { characters } from '../values.js';

type Reader = (value: unknown) => unknown;

/** `a.b.0`, as map(), selectattr() and sort() read attributes. `otherwise` stands in for what is missing on the way. */
export function attributeReader(path: unknown, otherwise?: unknown): Reader {
  const parts: unknown[] =
    path === undefined || path === null
      ? []
      : typeof path === 'string'
        ? path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
        : [path];
  const replaces = otherwise !== undefined && otherwise !== null;
  return (value) => {
    let target = value;
    for (const part of parts) {
      target = item(target, part);
      if (target === undefined && replaces) target = otherwise;
    }
    return target;
  };
}

/** As jinja compares where case does not count. */
export const ignoringCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

export const reversedText = (text: string): string => [...characters(text)].reverse().join('');
