/**
 * Components of Airbyte's format that are not covered: named as such, instead of as unknown. A pool of several tokens of one API, each with a
 * quota of its own, does not fit one account with one budget.
 */
export const UNCOVERED_COMPONENTS: ReadonlySet<string> = new Set(['RateLimitedMultipleTokenAuthenticator']);
