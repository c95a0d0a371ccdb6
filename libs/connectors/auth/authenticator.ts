import type { HttpClient } from '../../contracts/http.port.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { Scope } from '../manifest/interpolation.js';
import type { RequestDraft } from '../http/request-draft.js';

/** What obtaining credentials needs of the world. */
export interface Access {
  http: HttpClient;
  credentials: CredentialVault;
  /** ms since the epoch. */
  now: () => number;
  /** Takes a secret that was learned just now: no error may show it. */
  learn: (secret: string) => void;
  /** For whom the request is, for messages. */
  stream: string;
  signal: AbortSignal;
}

/** A request that is to be authorized. */
export interface Authorization {
  draft: RequestDraft;
  scope: Scope;
  /** The requester's base address. */
  base: string;
  access: Access;
}

/** Puts credentials into a request. */
export interface Authenticator {
  /** Sets `draft.renewal` where a refused credential can be replaced. Errors: SOURCE_AUTH_FAILED, CONFIG_INVALID, those of HttpClient and CredentialVault. */
  authorize(authorization: Authorization): Promise<void>;
  /** What tells one account from another: cheap, and the same before and after a renewal. May hold secrets: for hashing only. */
  identity(scope: Scope): string;
}
