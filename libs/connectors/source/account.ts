import { createHash } from 'node:crypto';
import type { BudgetAccount } from '../../contracts/budget.port.js';
import type { BudgetLimit } from '../../contracts/budget.schema.js';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { budgetPolicies } from '../http/api-budget.js';
import { scopeOf } from './environment.js';
import { normalizeConfig } from './open-config.js';
import type { SourceModel } from './source.component.js';

/**
 * The account that a configuration speaks for: host and a digest of its credentials, so that two connections with the same key share one
 * budget. `limits` of the connection replace the manifest's. Throws CONFIG_INVALID when the address cannot be made.
 */
export function budgetAccountOf(input: {
  model: SourceModel;
  config: JsonObject;
  workspaceId: string;
  limits?: readonly BudgetLimit[] | null;
}): BudgetAccount {
  const { model, workspaceId, limits } = input;
  const scope = scopeOf(normalizeConfig(model, input.config, 0), 0, null);
  const requesters = [
    ...model.streams.map(({ retriever }) => retriever.job?.creation ?? retriever.requester),
    ...model.dynamic.flatMap((dynamic) => dynamic.requesters()),
  ];
  const accounts = requesters.flatMap((requester) => {
    try {
      return [requester.account(scope)];
    } catch (error) {
      // An address made from a slice is known only then; other streams tell the host.
      if (error instanceof SluiceError) return [];
      throw error;
    }
  });
  const base = accounts.map((account) => account.base).find((address) => URL.canParse(address));
  // Nothing is called where nothing can be read.
  if (base === undefined && model.streams.length === 0 && model.dynamic.length === 0)
    return { workspaceId, host: 'none', account: 'none', limits: [] };
  if (base === undefined) throw new SluiceError('CONFIG_INVALID', { detail: 'the configuration gives no address to call' });
  const { host } = new URL(base);
  const identities = [...new Set(accounts.map(({ identity }) => identity))].sort();
  const digest = createHash('sha256').update(JSON.stringify(identities)).digest('hex').slice(0, 16);
  const { headerNames, statuses } = model.budget;
  return {
    ...{ workspaceId, host, account: `${host}#${digest}`, headerNames, limitStatuses: statuses },
    limits: limits ?? [],
    policies: limits === null || limits === undefined ? budgetPolicies(model.budget, scope) : [],
  };
}
