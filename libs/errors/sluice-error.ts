import { isRetryableKind, type ErrorKind } from './error-kind.js';
import { errorEntry, type ErrorCode } from './error-table.js';

/** A violation in what somebody sent. `path` is a JSON pointer into the request body, manifest or configuration. */
export interface FieldError {
  path: string;
  message: string;
  found?: string;
  allowed?: readonly string[];
}

export interface SluiceErrorOptions {
  /** What happened here, to what. Never a secret, never a record's content. */
  detail?: string;
  /** Field violations, for invalid input. */
  errors?: readonly FieldError[];
  /** Safe facts: ids, names, counts, addresses. Never a secret, never a record's content. */
  details?: Readonly<Record<string, string | number | boolean | null>>;
  /** Not before this time (ms since the epoch) is a retry worth it. */
  retryAt?: number;
  /**
   * What was seen, for the person who will mend it: the request and the start of an answer (≤ 200 characters of it), secrets hidden. It may
   * quote a record, so it stays in this process: no log, no Temporal history and no stored run holds it; who checks a connection is told.
   */
  evidence?: string | undefined;
  cause?: unknown;
}

/** The one error that crosses module borders: a code from the table, safe words, and its cause. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[];
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
  readonly retryAt: number | undefined;
  // Private to the language: serialisers and inspectors do not find it.
  readonly #evidence: string | undefined;

  constructor(code: ErrorCode, options: SluiceErrorOptions = {}) {
    const entry = errorEntry(code);
    super(
      options.detail ? `${entry.title}: ${options.detail}` : entry.title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.detail = options.detail;
    this.errors = options.errors ?? [];
    this.details = options.details ?? {};
    this.retryAt = options.retryAt;
    this.#evidence = options.evidence;
  }

  /** See SluiceErrorOptions.evidence. */
  get evidence(): string | undefined {
    return this.#evidence;
  }

  get kind(): ErrorKind {
    return errorEntry(this.code).kind;
  }

  /** Whether the same step may be tried again without anybody changing anything. */
  get retryable(): boolean {
    return errorEntry(this.code).retryable ?? isRetryableKind(this.kind);
  }
}

/** Any thrown value as a SluiceError; what is not ours becomes INTERNAL with only its class and no message, which might carry a record. */
export function toSluiceError(thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new SluiceError('INTERNAL', { detail: `unexpected ${name}`, cause: thrown });
}
