/** How many calls a key may make. */
export interface LimitSettings {
  /** Calls per second; 0: no limit. */
  readonly rate: number;
  /** Calls that may come at once, at least 1. */
  readonly burst: number;
  /** Seconds in `Retry-After`; 0: as long as the next token takes, rounded up. */
  readonly retryAfterSeconds: number;
  /** `Retry-After` as an HTTP date instead of seconds. */
  readonly retryAfterDate: boolean;
}

/** What is remembered of a key. Times are milliseconds of the caller's clock. */
export interface Bucket {
  readonly tokens: number;
  readonly updatedMs: number;
  /** Until when every call is refused, and when the refusal that said so was answered. */
  readonly blocked: { readonly sinceMs: number; readonly untilMs: number } | undefined;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
  /** Set when refused: the moment T before which no call is allowed. */
  readonly retryAtMs: number | undefined;
  /** The call came more than a second after a 429 was answered and before its T: a client that did not listen. */
  readonly late: boolean;
}

/** Time a client has to stop its other workers after a 429. */
const REACTION_MS = 1_000;

export const fullBucket = (settings: LimitSettings, nowMs: number): Bucket => ({
  tokens: settings.burst,
  updatedMs: nowMs,
  blocked: undefined,
});

/**
 * A token bucket with a strict provider's memory: once it has refused a call with a `Retry-After`, it refuses all of them until then, even
 * if tokens have come back meanwhile.
 */
export function take(bucket: Bucket, settings: LimitSettings, nowMs: number): { bucket: Bucket; verdict: Verdict } {
  const tokens = Math.min(settings.burst, bucket.tokens + ((nowMs - bucket.updatedMs) / 1000) * settings.rate);
  const current = { tokens, updatedMs: nowMs, blocked: bucket.blocked };
  if (bucket.blocked !== undefined && nowMs < bucket.blocked.untilMs) {
    return { bucket: current, verdict: refusal(current, settings, bucket.blocked, nowMs) };
  }
  if (settings.rate > 0 && tokens < 1) {
    const blocked = { sinceMs: nowMs, untilMs: retryAt(settings, nowMs, ((1 - tokens) / settings.rate) * 1000) };
    return { bucket: { ...current, blocked }, verdict: refusal(current, settings, blocked, nowMs) };
  }
  const left = settings.rate > 0 ? tokens - 1 : tokens;
  return {
    bucket: { tokens: left, updatedMs: nowMs, blocked: undefined },
    verdict: {
      allowed: true,
      remaining: Math.floor(left),
      resetSeconds: secondsToFull(left, settings),
      retryAtMs: undefined,
      late: false,
    },
  };
}

/** The bucket after a 429 for another reason than its tokens (a fault on demand) was answered with this `Retry-After`. */
export const block = (bucket: Bucket, nowMs: number, untilMs: number): Bucket => ({
  ...bucket,
  blocked: { sinceMs: nowMs, untilMs },
});

/** Whole seconds, as the header has no more; an HTTP date falls on a full second of the clock. */
export function retryAt(settings: LimitSettings, nowMs: number, neededMs: number): number {
  const wait = Math.max(settings.retryAfterSeconds, Math.ceil(neededMs / 1000), 1) * 1000;
  return settings.retryAfterDate ? Math.ceil((nowMs + wait) / 1000) * 1000 : nowMs + wait;
}

/** The headers of the IETF draft (structured fields, `t` in seconds) and the older X- ones (`Reset` as epoch seconds). */
export function limitHeaders(settings: LimitSettings, verdict: Verdict, nowMs: number): Record<string, string> {
  if (settings.rate <= 0) return {};
  const { remaining, resetSeconds } = verdict;
  return {
    'ratelimit-policy': `"default";q=${settings.burst};w=${Math.max(1, Math.ceil(settings.burst / settings.rate))}`,
    ratelimit: `"default";r=${remaining};t=${resetSeconds}`,
    'x-ratelimit-limit': String(settings.burst),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(nowMs / 1000) + resetSeconds),
  };
}

export const retryAfterHeader = (settings: LimitSettings, untilMs: number, nowMs: number): string =>
  settings.retryAfterDate ? new Date(untilMs).toUTCString() : String(Math.max(1, Math.ceil((untilMs - nowMs) / 1000)));

function refusal(bucket: Bucket, settings: LimitSettings, blocked: { sinceMs: number; untilMs: number }, nowMs: number): Verdict {
  return {
    allowed: false,
    remaining: 0,
    resetSeconds: Math.max(Math.ceil((blocked.untilMs - nowMs) / 1000), secondsToFull(bucket.tokens, settings)),
    retryAtMs: blocked.untilMs,
    late: nowMs > blocked.sinceMs + REACTION_MS,
  };
}

const secondsToFull = (tokens: number, { rate, burst }: LimitSettings): number =>
  rate > 0 ? Math.ceil((burst - tokens) / rate) : 0;
