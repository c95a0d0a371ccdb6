import type { Scope } from '../manifest/interpolation.js';
import type { Authenticator } from './authenticator.js';

/** An authenticator that sets `Authorization` to what the configuration alone tells. */
export const authorizationHeader = (value: (scope: Scope) => string): Authenticator => ({
  async authorize({ draft, scope }) {
    draft.header('Authorization', value(scope));
  },
  identity: value,
});
