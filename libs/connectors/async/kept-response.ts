import type { JsonObject } from '../../contracts/json.js';
import { isObject } from '../manifest/tree.js';
import { toPlan } from '../partitions/plan-value.js';

/** What later templates name of the answer to a job's creation: fields of the body and headers, in lower case. */
export interface KeptParts {
  /** null: the answer is used as a whole. */
  fields: ReadonlySet<string> | null;
  headers: ReadonlySet<string> | null;
  /** The creation request itself is looked at. It is never stored, since it holds credentials: it is drafted again. */
  request: boolean;
}

/** A checkpoint is small. */
const MAX_KEPT_BYTES = 1_500;
/** The name, also as a key: `extra_fields['creation_response']`. */
const NAME = /\bcreation_response\b(?:['"][^\])]*[\])])?/g;
/** `['id']`, `.get('id')` or `.id`. */
const STEP = /\s*(?:(?:\.\s*get\s*\(|\[)\s*(['"])(.*?)\1[^\])]*[\])]|\.\s*(\w+))/y;

function stepsAfterName(text: string): (string | undefined)[][] {
  return [...text.matchAll(NAME)].map(({ index, 0: name }) => {
    STEP.lastIndex = index + name.length;
    return [0, 1].map(() => {
      const found = STEP.exec(text);
      return found?.[2] ?? found?.[3];
    });
  });
}

/** Finds them in all texts of the later requests. A name that is computed keeps the whole. */
export function partsUsed(texts: readonly string[]): KeptParts {
  const fields = new Set<string>();
  const headers = new Set<string>();
  let [all, allHeaders, request] = [false, false, false];
  for (const text of texts)
    for (const [step, second] of stepsAfterName(text)) {
      if (step === undefined) all = true;
      else if (step === 'request') request = true;
      else if (step === 'headers')
        if (second === undefined) allHeaders = true;
        else headers.add(second.toLowerCase());
      else fields.add(step);
    }
  // A body may have fields of these names, which then win.
  if (request) fields.add('request');
  if (allHeaders || headers.size > 0) fields.add('headers');
  return { fields: all ? null : fields, headers: all || allHeaders ? null : headers, request: all || request };
}

/** Plan values: see toPlan. */
export interface KeptResponse {
  body: JsonObject;
  headers: JsonObject;
}

/**
 * The parts of an answer that a checkpoint may hold, so that another worker can wait for the same job. null: they are too large, or look like
 * a credential; the job then lives and dies with its reader.
 */
export function keepParts(
  parts: KeptParts,
  answer: { body: Readonly<Record<string, unknown>>; headers: Readonly<Record<string, unknown>> },
): KeptResponse | null {
  const pick = (from: Readonly<Record<string, unknown>>, names: ReadonlySet<string> | null, except: RegExp): JsonObject =>
    Object.fromEntries(
      Object.entries(from)
        .filter(([name]) => (names === null ? !except.test(name) : names.has(name)))
        .map(([name, value]) => [name, toPlan(value)]),
    );
  const kept = {
    body: pick(answer.body, parts.fields, /$^/),
    headers: pick(answer.headers, parts.headers, /^(?:set-cookie|link)$/i),
  };
  if (JSON.stringify(kept).length > MAX_KEPT_BYTES || holdsCredential(kept)) return null;
  return kept;
}

const CREDENTIAL = /token|secret|password|signature|credential|api_?key|^sig$/i;

/** By the names of fields and of parameters in addresses. */
function holdsCredential(value: unknown, name = ''): boolean {
  if (CREDENTIAL.test(name) && value !== null && value !== '') return true;
  if (typeof value === 'string')
    return URL.canParse(value) && [...new URL(value).searchParams.keys()].some((parameter) => CREDENTIAL.test(parameter));
  if (Array.isArray(value)) return value.some((item) => holdsCredential(item));
  return isObject(value) && Object.entries(value).some(([key, item]) => holdsCredential(item, key));
}
