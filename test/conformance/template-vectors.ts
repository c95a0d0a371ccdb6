import { TemplateError, TemplateSyntaxError } from '../../libs/connectors/template/errors.js';
import { TEMPLATE_NAMES, compileTemplate } from '../../libs/connectors/template/template.js';
import {
  PyDict,
  PyFloat,
  PyTuple,
  isDict,
  isInteger,
  isNumber,
  repr,
  toNumber,
  typeName,
} from '../../libs/connectors/template/values.js';

/** The clock of the recorded evaluations: 2024-05-06T07:08:09.123456Z. */
const NOW_MS = 1_714_979_289_123.456;

/** One recorded evaluation of the reference: a template, the names that it sees, and the value or the Python exception that came of it. */
interface Vector {
  t: string;
  ctx: Record<string, unknown>;
  out?: unknown;
  error?: string;
}

/** Evaluates one line of a vector file; `detail` says, when it is not met, what came instead of what. Throws for a line that is no vector. */
export function runTemplateVector(line: string): { ok: boolean; detail: string; template: string } {
  const { t, ctx, out, error } = JSON.parse(line) as Vector;
  const wanted = error === undefined ? canonical(out) : `raises ${error}`;
  const got = outcome(t, contextOf(ctx));
  return { ok: got === wanted, detail: got === wanted ? '' : `${got} instead of ${wanted}`, template: t };
}

function outcome(template: string, names: Record<string, unknown>): string {
  try {
    return canonical(encode(compileTemplate(template, new Set(Object.keys(names))).evaluate({ names, nowMs: NOW_MS })));
  } catch (thrown) {
    if (thrown instanceof TemplateError || thrown instanceof TemplateSyntaxError) return `raises ${thrown.exception}`;
    throw thrown;
  }
}

/** A vector lists only the roots that hold something; the others are empty, and the slice has two more names. */
function contextOf(given: Record<string, unknown>): Record<string, unknown> {
  const ctx = decode(given) as Record<string, unknown>;
  const names: Record<string, unknown> = { last_page_size: 7 };
  for (const name of TEMPLATE_NAMES) if (!ABSENT.has(name)) names[name] ??= {};
  Object.assign(names, ctx);
  names['stream_partition'] = names['stream_interval'] = names['stream_slice'];
  return names;
}

const ABSENT = new Set(['download_target', 'page_size', 'raw_schema', 'property', 'value', 'path']);

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  const { $int, $float, $tuple } = value as Record<string, unknown>;
  if (typeof $int === 'string') return BigInt($int);
  if (typeof $float === 'string') {
    const number = Number($float.replace('inf', 'Infinity'));
    return Number.isSafeInteger(number) ? new PyFloat(number) : number;
  }
  if (Array.isArray($tuple)) return new PyTuple($tuple.map(decode));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}

/** A value of the template language in the form that the vectors have. */
function encode(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (isInteger(value)) return typeof value === 'bigint' ? { $int: String(value) } : value;
  if (isNumber(value)) return { $float: repr(value instanceof PyFloat ? value : toNumber(value)) };
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof PyTuple) return { $tuple: value.items.map(encode) };
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
  if (value instanceof PyDict) return { $dict: value.entries().map((entry) => entry.map(encode)) };
  return { $repr: [typeName(value), repr(value)] };
}

/** JSON with its keys in order, so that two equal values give one text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isDict(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
