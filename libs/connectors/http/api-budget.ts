import type { BudgetAccount, BudgetPolicy } from '../../contracts/budget.port.js';
import type { BudgetLimit } from '../../contracts/budget.schema.js';
import type { HttpClient } from '../../contracts/http.port.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Matchable, RequestMatcher } from './request-matcher.component.js';

/** An allowance for some calls (without matchers: all). */
export interface CallPolicy {
  matchers: readonly RequestMatcher[];
  /** Empty: no limit. Throws CONFIG_INVALID. */
  limits(scope: Scope): BudgetLimit[];
}

/** A manifest's `api_budget`. A call belongs to the first policy that matches it; one that none matches is free. */
export interface ApiBudget {
  policies: readonly CallPolicy[];
  /** Headers in which the provider speaks of its limits. */
  headerNames: NonNullable<BudgetAccount['headerNames']>;
  /** Statuses by which it refuses a call for its rate, beside 429. */
  statuses: readonly number[];
}

export const noBudget: ApiBudget = { policies: [], headerNames: {}, statuses: [] };

const nameOf = (index: number): string => `policy-${index + 1}`;

/** The policies as the shared budget holds them. Throws CONFIG_INVALID. */
export const budgetPolicies = ({ policies }: ApiBudget, scope: Scope): BudgetPolicy[] =>
  policies.map((policy, index) => ({ name: nameOf(index), limits: policy.limits(scope) }));

/** A client that tells with every call which policy it belongs to. Without policies it is the client itself. */
export function countedClient(http: HttpClient, { policies }: ApiBudget, scope: Scope): HttpClient {
  if (policies.length === 0) return http;
  return {
    send(request) {
      const found = policyOf(policies, request, scope);
      return http.send(found === null ? request : { ...request, budget: found });
    },
  };
}

/** Pure. */
export function policyOf(
  policies: readonly CallPolicy[],
  request: Matchable,
  scope: Scope,
): { policy: string; points: number } | null {
  for (const [index, { matchers }] of policies.entries()) {
    const matcher = matchers.find((candidate) => candidate.matches(request));
    if (matcher !== undefined || matchers.length === 0) return { policy: nameOf(index), points: matcher?.weight(scope) ?? 1 };
  }
  return null;
}
