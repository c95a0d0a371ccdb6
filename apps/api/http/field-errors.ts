import type { z } from 'zod';
import type { FieldError } from '../../../libs/errors/index.js';
import { toPointer } from '../../../libs/json/index.js';

const MAX_FOUND = 100;
const MAX_ALLOWED = 100;
/** Below these, what was sent may be a credential: only its type is told. */
const SECRET_TOPS = new Set<PropertyKey>(['config']);

/** zod's issues as field errors: JSON pointer, words, what was found, what is allowed; `schema` tells which fields its top has. Pure. */
export function toFieldErrors(issues: readonly z.core.$ZodIssue[], input: unknown, schema?: z.ZodObject): FieldError[] {
  const fields = schema === undefined ? undefined : Object.keys(schema.shape);
  return issues.flatMap((issue) => fromIssue(issue, input, fields));
}

function fromIssue(issue: z.core.$ZodIssue, input: unknown, fields: readonly string[] | undefined): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = issue.path.length === 0 && fields !== undefined ? { allowed: fields.slice(0, MAX_ALLOWED) } : {};
    return issue.keys.map((key) => ({ path: toPointer([...issue.path, key]), message: 'is not known here', ...allowed }));
  }
  const found = describe(valueAt(input, issue.path), SECRET_TOPS.has(issue.path[0] ?? ''));
  const allowed = allowedOf(issue);
  return [
    {
      path: toPointer(issue.path),
      message: found === 'nothing' ? 'is required' : issue.message,
      found,
      ...(allowed === null ? {} : { allowed: allowed.slice(0, MAX_ALLOWED).map(String) }),
    },
  ];
}

function allowedOf(issue: z.core.$ZodIssue): readonly unknown[] | null {
  if (issue.code === 'invalid_value') return issue.values;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return issue.options;
  return null;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at = input;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

function describe(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const shown = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return shown && !secret ? String(value).slice(0, MAX_FOUND) : typeof value;
}
