import type { Scope } from '../manifest/interpolation.js';
import type { Authenticator } from './authenticator.js';
import { putHeader } from './put-credential.js';

/** An authenticator that sets `Authorization` to what the configuration alone tells. */
export const authorizationHeader = (value: (scope: Scope) => string): Authenticator => ({
  async authorize({ draft, scope }) {
    putHeader(draft, 'Authorization', value(scope));
  },
  identity: value,
});
