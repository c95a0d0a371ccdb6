import type { JsonObject } from '../../contracts/json.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import { createVault } from './flights.js';

/** A vault that lives as long as the process: for the command line and for tests. A rotated refresh token is gone with it. */
export function createMemoryVault(): CredentialVault {
  const stored = new Map<string, JsonObject>();
  return createVault(async ({ name, inputs, accept, renew }) => {
    const key = `${name} ${inputs}`;
    const current = stored.get(key) ?? null;
    if (current !== null && accept(current)) return current;
    const renewed = await renew(current);
    stored.set(key, renewed);
    return renewed;
  });
}
