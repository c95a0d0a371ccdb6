import { isObject } from '../../json/index.js';

/** Fields of a form whose objects are `a[b]` and whose lists are `a[0]`, as PHP and Rack read them; null and empty ones are left out. Pure. */
export function inBrackets(fields: readonly (readonly [string, unknown])[]): (readonly [string, unknown])[] {
  return fields.flatMap(([name, value]): (readonly [string, unknown])[] => {
    if (value === null || value === undefined) return [];
    if (typeof value === 'boolean') return [[name, String(value)]];
    if (Array.isArray(value)) return inBrackets(value.map((item, index) => [`${name}[${index}]`, item] as const));
    if (isObject(value)) return inBrackets(Object.entries(value).map(([key, item]) => [`${name}[${key}]`, item] as const));
    return [[name, value]];
  });
}
