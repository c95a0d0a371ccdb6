import type { Component } from '../manifest/component.js';
import { apiKey } from './api-key.component.js';
import type { Authenticator } from './authenticator.js';
import { basic } from './basic.component.js';
import { bearer } from './bearer.component.js';
import { jwt } from './jwt.component.js';
import { legacySessionToken } from './legacy-session-token.component.js';
import { noAuth } from './no-auth.component.js';
import { oauth } from './oauth.component.js';
import { rateLimitedTokens } from './rate-limited-tokens.component.js';
import { selectiveOf } from './selective.component.js';
import { sessionToken } from './session-token.component.js';

/** A new kind of authentication joins here. */
export const authenticators: readonly Component<Authenticator>[] = [
  ...[apiKey, bearer, basic, noAuth],
  ...[oauth, sessionToken, legacySessionToken, jwt, rateLimitedTokens],
  selectiveOf(() => authenticators),
];
