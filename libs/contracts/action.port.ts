import type { JsonObject } from './json.js';
import type { SluiceError } from '../errors/index.js';

/** A list in an action's input that takes many items, and how its result names those that were refused. */
export interface ActionBatch {
  /** Top-level field of the input. */
  items: string;
  most: number;
  /** Where in the result the refused items are listed, and in each its place in the call and the reason; null: a call is taken whole or refused whole. */
  rejected: { path: readonly string[]; index: string; reason: string | null } | null;
}

/** What a connector lets others call. */
export interface ActionDescription {
  name: string;
  description: string | null;
  /** JSON schema, draft 7. */
  input: JsonObject;
  output: JsonObject | null;
  /**
   * What is known after a call whose answer was lost: `key` (the provider makes it once), `idempotent` (a repeat changes nothing more), `lookup` (it can
   * be asked for), `none` (a person has to find out).
   */
  repeat: 'key' | 'idempotent' | 'lookup' | 'none';
  /** With `key`: for how many ms the provider knows one after it first came, and what is known after that; else null. */
  keyKept: { ms: number; then: 'lookup' | 'none' } | null;
  /** ms after which a call that was sent is ambiguous. */
  timeoutMs: number;
  /** How rows of a table go many to a call; null: one a call. */
  batch: ActionBatch | null;
  /** Name of the action that undoes a call; null: none is declared. */
  compensate: string | null;
}

export interface ActionCall {
  action: string;
  input: JsonObject;
  /** By which the provider makes the call once, where it takes one; the same for every try. */
  key: string;
  /** Which try it is; default: 1. */
  attempt?: number;
  signal: AbortSignal;
}

/** What became of one try. Evidence of providers stays in `answer`: it may hold personal data. */
export type ActionOutcome =
  /** `result`: JSON text, with every digit. */
  | { kind: 'succeeded'; status: number; result: string }
  /** The provider refused, and did nothing. `answer`: the start of what it said. */
  | { kind: 'failed'; status: number | null; error: SluiceError; answer: string | null }
  /** Nothing was done; worth another try, not before `retryAt` (ms since the epoch; null: soon). */
  | { kind: 'postponed'; status: number | null; error: SluiceError; retryAt: number | null }
  /** Nobody knows whether it took effect. */
  | { kind: 'unknown'; status: number | null; error: SluiceError };

export interface ActionPreview {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

/** The actions of one opened connection. Errors of all: those of HttpClient and CredentialVault that say that nothing was sent. */
export interface Actions {
  /** Errors: UNKNOWN_ACTION. */
  describe(action: string): ActionDescription;
  /**
   * One try. `admitted` is awaited when nothing stands between the call and the network any more; where it throws nothing is sent and the error is passed on.
   * Errors: UNKNOWN_ACTION, VALIDATION_FAILED (the input does not make a request).
   */
  call(request: ActionCall & { admitted: () => Promise<void> }): Promise<ActionOutcome>;
  /** Whether an earlier try took effect: its result as JSON text, or null. Only where `repeat` is `lookup`. */
  lookup(request: ActionCall): Promise<{ result: string } | null>;
  /**
   * The request that a call would be, without a call of any kind; credentials and other secrets are hidden. Errors: UNKNOWN_ACTION, VALIDATION_FAILED;
   * INVALID_REQUEST where the credentials come from a call.
   */
  preview(request: ActionCall): Promise<ActionPreview>;
  close(): Promise<void>;
}
