/** What sort of trouble an error is: it decides whether a retry can help and who has to act. */
export type ErrorKind =
  | 'transient' // the same call may succeed later
  | 'rate_limited' // it will succeed at a known or guessed time
  | 'auth' // somebody has to renew credentials or permissions
  | 'invalid_input' // what was asked for cannot be done as asked
  | 'conflict' // it clashes with what exists or is under way
  | 'provider_bug' // the other system broke its own rules
  | 'internal'; // we broke ours

/** Kinds of which the workflow may try the same step again. */
export function isRetryableKind(kind: ErrorKind): boolean {
  switch (kind) {
    case 'transient':
    case 'rate_limited':
    case 'provider_bug':
    case 'internal':
      return true;
    case 'auth':
    case 'invalid_input':
    case 'conflict':
      return false;
    default: {
      const never: never = kind;
      throw new Error(`unknown error kind ${String(never)}`);
    }
  }
}
