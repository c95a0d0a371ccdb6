import type { CallQuota } from '../../../libs/store/index.js';

/** `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them: structured fields, times in seconds. `policy`: its name. Pure. */
export function rateLimitHeaders(limit: { policy: string; perMinute: number; quota: CallQuota }): Record<string, string> {
  const { policy, perMinute, quota } = limit;
  return {
    'RateLimit-Policy': `"${policy}";q=${perMinute};w=60`,
    RateLimit: `"${policy}";r=${quota.remaining};t=${Math.ceil(quota.fullInMs / 1_000)}`,
  };
}
