import { boundedWait, httpDate, saidWait } from '../contracts/said-wait.js';

/** What a provider says about its limits in an answer's headers. Pure; durations are relative to the answer. */
export interface ProviderWord {
  /** `Retry-After`; null: not said, or not understood. */
  retryAfterMs: number | null;
  windows: ObservedWindow[];
}

export interface ObservedWindow {
  name: string;
  limit: number | null;
  remaining: number | null;
  /** Until the window starts anew; null: not said. */
  resetMs: number | null;
}

/** Where a connector's provider uses names of its own; they come before the common ones. */
export interface HeaderNames {
  limit?: string;
  remaining?: string;
  reset?: string;
  retryAfter?: string;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Families of one header a value, in the order in which they are believed. */
const FAMILIES: readonly { name: string; limit: string; remaining: string; reset: string }[] = [
  { name: 'ratelimit', limit: 'ratelimit-limit', remaining: 'ratelimit-remaining', reset: 'ratelimit-reset' },
  { name: 'x-ratelimit', limit: 'x-ratelimit-limit', remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  { name: 'x-rate-limit', limit: 'x-rate-limit-limit', remaining: 'x-rate-limit-remaining', reset: 'x-rate-limit-reset' },
];

/** Reads the headers (lower-case names). `nowMs` is the local clock, used for absolute times only where the answer has no `Date` of its own. */
export function parseProviderHeaders(headers: Headers, nowMs: number, names: HeaderNames = {}): ProviderWord {
  const read = (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    const value = headers[name.toLowerCase()];
    return (Array.isArray(value) ? value[0] : value)?.trim();
  };
  // the provider's own clock made the absolute times, so its own clock takes them apart
  const clockMs = httpDate(read('date')) ?? nowMs;
  return {
    retryAfterMs: saidWait(read(names.retryAfter ?? 'retry-after') ?? read('retry-after'), clockMs),
    windows: ownWindow(read, names, clockMs) ?? draftWindows(read) ?? familyWindow(read, clockMs),
  };
}

type Read = (name: string | undefined) => string | undefined;

function ownWindow(read: Read, names: HeaderNames, clockMs: number): ObservedWindow[] | undefined {
  const remaining = count(read(names.remaining));
  const resetMs = saidWait(read(names.reset), clockMs);
  if (remaining === null && resetMs === null) return undefined;
  return [{ name: 'connector', limit: count(read(names.limit)), remaining, resetMs }];
}

/** draft-ietf-httpapi-ratelimit-headers: `"name";r=50;t=30` (08 and later) or `limit=100, remaining=50, reset=5` (until 07). */
function draftWindows(read: Read): ObservedWindow[] | undefined {
  const value = read('ratelimit');
  if (value === undefined) return undefined;
  const policies = new Map(items(read('ratelimit-policy') ?? '').map((item) => [item.name, item.parameters]));
  if (/(^|[,;\s])remaining\s*=/i.test(value)) {
    const flat = new Map(value.split(/[,;]/).map((pair) => keyValue(pair)));
    const window = {
      limit: count(flat.get('limit')),
      remaining: count(flat.get('remaining')),
      resetMs: seconds(flat.get('reset')),
    };
    return [{ name: 'default', ...window }];
  }
  const windows = items(value)
    .filter((item) => item.parameters.has('r'))
    .map((item) => ({
      name: item.name,
      limit: count(policies.get(item.name)?.get('q')),
      remaining: count(item.parameters.get('r')),
      resetMs: seconds(item.parameters.get('t')) ?? seconds(policies.get(item.name)?.get('w')),
    }));
  return windows.length === 0 ? undefined : windows;
}

function familyWindow(read: Read, clockMs: number): ObservedWindow[] {
  for (const family of FAMILIES) {
    const remaining = count(read(family.remaining));
    const resetMs = saidWait(read(family.reset), clockMs);
    if (remaining === null && resetMs === null) continue;
    return [{ name: family.name, limit: count(read(family.limit)), remaining, resetMs }];
  }
  return [];
}

/** A structured-field list of strings or tokens with parameters, read leniently. */
function items(value: string): { name: string; parameters: Map<string, string> }[] {
  return value
    .split(',')
    .map((part) => {
      const [head = '', ...rest] = part.split(';');
      return { name: head.trim().replace(/^"|"$/g, ''), parameters: new Map(rest.map((pair) => keyValue(pair))) };
    })
    .filter((item) => item.name !== '' && item.name.length <= 60);
}

function keyValue(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair.trim().toLowerCase(), ''] : [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()];
}

/** A whole number at the start (`100`, `100, 100;w=60`). */
function count(value: string | undefined): number | null {
  const digits = /^\d{1,15}(?![\d.]\d*[eE])/.exec(value ?? '')?.[0];
  return digits === undefined ? null : Number(digits);
}

function seconds(value: string | undefined): number | null {
  const number = /^\d+(\.\d+)?$/.exec(value ?? '')?.[0];
  return number === undefined ? null : boundedWait(Number(number) * 1000);
}
