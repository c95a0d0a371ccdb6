import { Decimal } from '../../json/index.js';
import { PyFloat, PyTuple, floatText, isDict, isNumber, str } from '../template/values.js';
import { setField } from './fields.js';

/** A value of the template language as a record holds it: plain JSON, and numbers with all their digits. */
export function toRecordValue(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (value === undefined) return null;
  // What is computed from the field later sees that it is a float.
  if (value instanceof PyFloat) return Number.isInteger(value.value) ? new Decimal(floatText(value.value)) : value.value;
  if (isNumber(value)) return value;
  if (value instanceof PyTuple) return value.items.map(toRecordValue);
  if (Array.isArray(value)) return value.map(toRecordValue);
  if (!isDict(value)) return str(value);
  const fields: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) setField(fields, name, toRecordValue(item));
  return fields;
}
