import type { Access } from '../auth/authenticator.js';
import type { ErrorHandler } from '../errors/error-handlers.component.js';
import type { Scope } from '../manifest/interpolation.js';
import type { QueryProperties } from './query-properties.js';
import type { RequestDraft } from './request-draft.js';

/** Builds the requests of a stream. */
export interface Requester {
  readonly errorHandler: ErrorHandler;
  /** Method and path as written in the manifest, for messages: it holds no value of a record or secret. */
  readonly label: string;
  /** Properties that its requests ask for, a chunk each; null: they ask for none by name. */
  readonly properties: QueryProperties | null;
  /** How long an answer may take to begin, and to go on; undefined: the client's own limit. */
  readonly timeoutMs: number | undefined;
  /** `address`: a page token that is the next page's address; relative ones go on from the base. */
  draft(scope: Scope, address: string | null, access: Access): Promise<RequestDraft>;
  /** The request without its credentials. */
  compose(scope: Scope, address: string | null): RequestDraft;
  /** Base address, and what tells this account from another at that host. For hashing only. */
  account(scope: Scope): { base: string; identity: string };
}
