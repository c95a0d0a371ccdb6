import { Decimal } from './decimal.js';

/**
 * JSON text of what parseJson gives, with every digit. JSON.stringify goes first, in a tenth of the time; what it met a BigInt or Decimal in is
 * written by hand. Values that JSON does not know (undefined, functions) are left out of objects and null in arrays, as there.
 */
export function stringifyJson(value: unknown): string {
  const before = Decimal.written;
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (Decimal.written === before) return text ?? 'null';
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // a TypeError: it holds a BigInt
  }
  return write(value) ?? 'null';
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
