import { Decimal } from './decimal.js';

/**
 * JSON text of what parseJson gives, with every digit. Plain values go to JSON.stringify; only containers that hold a BigInt or Decimal
 * are written by hand. Values that JSON does not know (undefined, functions) are left out of objects and null in arrays, as there.
 */
export function stringifyJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return scalar(value) ?? 'null';
  return isPlain(value) ? JSON.stringify(value) : (write(value) ?? 'null');
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'bigint') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Decimal) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  for (const key in value) if (!isPlain((value as Record<string, unknown>)[key])) return false;
  return true;
}

function write(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return scalar(value);
  if (value instanceof Decimal) return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? 'null').join(',')}]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return JSON.stringify(value);
  const fields: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const text = write(field);
    if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(',')}}`;
}

const scalar = (value: unknown): string | undefined => (typeof value === 'bigint' ? value.toString() : JSON.stringify(value));
