import { deltaText } from '../time/duration.js';
import { MICROS_PER_DAY, calendarOf, isoText } from '../time/moment.js';
import { TemplateError } from './errors.js';
import { entriesOf, type Mapping } from './mapping.js';
import { nested, spend } from './meter.js';
import {
  PyBytes,
  PyCallable,
  PyDatetime,
  PyDelta,
  PyIterator,
  PyObject,
  PySet,
  PyTuple,
  PyView,
  isInteger,
  isNumber,
  toNumber,
} from './types.js';

/** Python's str(). */
export function str(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (value instanceof PyDatetime) return value.dateOnly ? isoText(value.moment, ' ').slice(0, 10) : isoText(value.moment, ' ');
  if (value instanceof PyDelta) return deltaText(value.duration);
  return repr(value);
}

/** Python's repr(), as far as values here have one. */
export function repr(value: unknown): string {
  if (value === null) return 'None';
  if (value === undefined) return 'Undefined';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return integerText(value);
  if (isInteger(value)) return String(value);
  if (isNumber(value)) return floatText(toNumber(value));
  return nested(() => composite(value));
}

function composite(value: unknown): string {
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof PyTuple) return value.items.length === 1 ? `(${list(value.items)},)` : `(${list(value.items)})`;
  if (value instanceof PySet) return value.items.length === 0 ? 'set()' : `{${list(value.items)}}`;
  if (value instanceof PyView) return `${value.kind}([${list(value.items)}])`;
  if (value instanceof PyBytes) return bytesText(value.bytes);
  if (value instanceof PyDatetime) return datetimeRepr(value);
  if (value instanceof PyDelta) return deltaRepr(value);
  if (value instanceof PyIterator || value instanceof PyObject) return `<${value.kind} object>`;
  if (value instanceof PyCallable) return `<function ${value.name}>`;
  const parts = entriesOf(value as Mapping).map(([key, item]) => `${repr(key)}: ${repr(item)}`);
  spend(parts.length * 4);
  return `{${parts.join(', ')}}`;
}

function datetimeRepr({ moment, dateOnly }: PyDatetime): string {
  const { year, month, day, hour, minute, second, micro } = calendarOf(moment);
  if (dateOnly) return `datetime.date(${year}, ${month}, ${day})`;
  const parts = [year, month, day, hour, minute, ...(micro > 0 ? [second, micro] : second > 0 ? [second] : [])];
  const zone = moment.offsetMinutes === null ? '' : ', tzinfo=datetime.timezone.utc';
  return `datetime.datetime(${parts.join(', ')}${zone})`;
}

function deltaRepr({ duration: { micros } }: PyDelta): string {
  const days = Math.floor(micros / MICROS_PER_DAY);
  const rest = micros - days * MICROS_PER_DAY;
  const parts = Object.entries({ days, seconds: Math.floor(rest / 1e6), microseconds: rest % 1e6 }).filter(([, n]) => n !== 0);
  return `datetime.timedelta(${parts.length === 0 ? '0' : parts.map(([name, n]) => `${name}=${n}`).join(', ')})`;
}

function list(items: readonly unknown[]): string {
  spend(items.length * 2);
  return items.map(repr).join(', ');
}

/** Python refuses to write integers of more digits: it takes quadratic time. */
const MAX_DIGITS = 4_300;

function integerText(value: bigint): string {
  const text = String(value);
  if (text.length > MAX_DIGITS + (value < 0n ? 1 : 0))
    throw new TemplateError(`Exceeds the limit (${MAX_DIGITS} digits) for integer string conversion`);
  return text;
}

const PLAIN = /^[ -&(-[\]-~]*$/;

function quote(text: string): string {
  spend(text.length);
  if (PLAIN.test(text)) return `'${text}'`;
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === '\\' || letter === mark) out += `\\${letter}`;
    else if (letter === '\n') out += '\\n';
    else if (letter === '\r') out += '\\r';
    else if (letter === '\t') out += '\\t';
    else if (code < 32 || (code >= 127 && code < 161) || code === 0xad) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code > 126 && /[\p{C}\p{Z}]/u.test(letter))
      out += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
    else out += letter;
  }
  return mark + out + mark;
}

function bytesText(bytes: Uint8Array): string {
  spend(bytes.length * 4);
  const latin = Buffer.from(bytes).toString('latin1');
  const mark = latin.includes("'") && !latin.includes('"') ? '"' : "'";
  const inside = latin.replace(/[\\\n\r\t'"]|[^ -~]/g, (letter) => {
    if (letter === '\n') return '\\n';
    if (letter === '\r') return '\\r';
    if (letter === '\t') return '\\t';
    if (letter === '\\' || letter === mark) return `\\${letter}`;
    return letter === "'" || letter === '"' ? letter : `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `b${mark}${inside}${mark}`;
}

/** Python's shortest text of a float. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    const [digits = '', power = ''] = value.toExponential().split('e');
    return `${digits}e${power[0] ?? '+'}${power.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}
