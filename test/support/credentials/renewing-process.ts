/** A process that needs a credential: told {obtain: n}, it asks n times at once through vaults of its own, and says what it got. */
import { createVault } from '../../../libs/connectors/auth/flights.js';
import { createCredentialExchange } from '../../../libs/connections/credential-exchange.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { createSecretBox } from '../../../libs/secrets/index.js';
import { createPool } from '../../../libs/store/index.js';

const { DATABASE_URL = '', SECRET_KEY = '', PROVIDER = '', WORKSPACE = '', CONNECTION = '', LEASE_MS = '' } = process.env;
const pool = createPool(DATABASE_URL, { max: 4 });
const exchange = createCredentialExchange({
  db: pool,
  secrets: createSecretBox({ current: Buffer.from(SECRET_KEY, 'base64') }),
  owner: { workspaceId: WORKSPACE, connectionId: CONNECTION },
  ...(LEASE_MS === '' ? {} : { leaseMs: Number(LEASE_MS) }),
});

/** Rotation as strict as providers have it: the newest refresh token and no other. */
async function renew(current: JsonObject | null): Promise<JsonObject> {
  const known = current?.['refresh_token'];
  const answer = await fetch(PROVIDER, { method: 'POST', body: typeof known === 'string' ? known : 'first' });
  if (!answer.ok) throw new Error(`refused: ${answer.status}`);
  return { ...((await answer.json()) as JsonObject), renewAt: Date.now() + 60_000 };
}

async function obtain(readers: number): Promise<unknown[]> {
  // Two vaults, as two movers of one worker have; they share what is under way.
  const flights = new Map<string, Promise<JsonObject>>();
  const vaults = [0, 1].map(() => createVault(exchange, { flights }));
  const accept = ({ renewAt }: JsonObject): boolean => Number(renewAt) > Date.now();
  const { signal } = new AbortController();
  return Promise.all(
    Array.from({ length: readers }, (_, index) =>
      vaults[index % 2]!.obtain({ name: 'oauth', inputs: 'a', accept, renew, signal }).then(
        ({ token }) => token ?? null,
        (error: unknown) => ({ error: String(error) }),
      ),
    ),
  );
}

process.once('disconnect', () => process.exit(0));
process.on('message', ({ obtain: readers }: { obtain: number }) => {
  void obtain(readers).then((tokens) => process.send?.({ tokens }));
});
process.send?.({ ready: true });
