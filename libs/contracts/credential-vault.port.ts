import type { JsonObject } from './json.js';

/** What a connector asks of the vault for one of its changing credentials. */
export interface CredentialRequest {
  /** Which of the connection's credentials; not secret. */
  name: string;
  /** A digest of what it is obtained with: a credential that was obtained with other inputs (another client, an earlier password) is not given out. */
  inputs: string;
  /** Whether a stored credential can be used. Asked again after waiting for another worker. */
  accept: (credential: JsonObject) => boolean;
  /**
   * Obtains a new credential from the provider. `current`: the newest stored one for these inputs, whose refresh token is the only valid one;
   * null: none. Has its own deadline and does not end with the reader: an answer that nobody stores may be the loss of a refresh token.
   */
  renew: (current: JsonObject | null, signal: AbortSignal) => Promise<JsonObject>;
  /** Ends the waiting, not a renewal under way. */
  signal: AbortSignal;
}

/**
 * The credentials of one connection that change while it is used: access tokens, rotated refresh tokens, session tokens. One renewal of a
 * credential runs at a time over all workers and processes, and a new one is stored before anyone uses it. The one gap that remains: a process
 * killed between the provider's answer and the store, with a provider that honours a refresh token only once.
 */
export interface CredentialVault {
  /** Errors: those of `renew`; STORE_UNAVAILABLE; SOURCE_TIMEOUT when another worker's renewal does not end; NOT_FOUND when the connection is gone. */
  obtain(request: CredentialRequest): Promise<JsonObject>;
  /** Resolves when the renewals that began here have ended. */
  settled(): Promise<void>;
}
