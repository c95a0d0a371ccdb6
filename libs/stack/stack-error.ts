export type StackErrorCode =
  | 'STACK_BUSY'
  | 'STACK_NOT_UP'
  | 'STACK_UNKNOWN_SERVICE'
  | 'STACK_NOT_BUILT'
  | 'STACK_SERVICE_FAILED'
  | 'POSTGRES_UNAVAILABLE'
  | 'TEMPORAL_UNAVAILABLE';

/** A failure of the launcher: what happened, to what, and what to do next, in words for a person at a terminal. */
export class StackError extends Error {
  override readonly name = 'StackError';

  constructor(
    readonly code: StackErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
