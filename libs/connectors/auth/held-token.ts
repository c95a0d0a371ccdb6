import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import type { Access } from './authenticator.js';
import type { Token } from './oauth-settings.js';

const read = ({ token, renewAt }: JsonObject): Token | null =>
  typeof token === 'string' && typeof renewAt === 'number' ? { token, renewAt } : null;

/** A token of the vault that is valid by the clock and that `good` accepts, or what `renew` gets. */
export async function heldToken(
  access: Access,
  request: {
    name: string;
    inputs: string;
    good: (token: string) => boolean;
    /** `first`: none was obtained before. */
    renew: (access: Access, state: { first: boolean }) => Promise<Token>;
  },
): Promise<string> {
  const { name, inputs, good, renew } = request;
  const stored = await access.credentials.obtain({
    ...{ name, inputs, signal: access.signal },
    accept(candidate) {
      const held = read(candidate);
      return held !== null && held.renewAt > access.now() && good(held.token);
    },
    renew: async (current, signal) => ({ ...(await renew({ ...access, signal }, { first: current === null })) }),
  });
  const held = read(stored);
  if (held === null) throw new SluiceError('INTERNAL', { detail: `the vault gave a ${name} credential without a token` });
  access.learn(held.token);
  return held.token;
}
