import type { BudgetAccount } from '../contracts/budget.port.js';

/**
 * An account as one of its policies sees it: with the policy's limits under a name of its own, so that its points are counted and shown by
 * themselves. A policy that the account does not have (a connection's own limits took its place) changes nothing.
 */
export function forPolicy(account: BudgetAccount, name: string | undefined): BudgetAccount {
  const policy = name === undefined ? undefined : account.policies?.find((candidate) => candidate.name === name);
  if (policy === undefined) return account;
  // Explicitly unlimited calls hold each other back no more than the provider does.
  if (policy.limits.length === 0) return { ...account, limits: [] };
  return { ...account, account: `${account.account}/${policy.name}`, limits: policy.limits };
}
