import type { Component } from '../manifest/component.js';
import { apiKey } from './api-key.component.js';
import type { Authenticator } from './authenticator.js';
import { basic } from './basic.component.js';
import { bearer } from './bearer.component.js';
import { noAuth } from './no-auth.component.js';

/** A new kind of authentication joins here. */
export const authenticators: readonly Component<Authenticator>[] = [apiKey, bearer, basic, noAuth];
