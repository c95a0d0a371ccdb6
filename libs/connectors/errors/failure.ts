import { SluiceError } from '../../errors/index.js';

/** Who has to act on a failed stream, in Airbyte's words; in a SluiceError's details as `failure_type`. */
export const FAILURE_TYPES = ['system_error', 'config_error', 'transient_error'] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];

/** What the engine said about who has to act; null where the error came from elsewhere. */
export function failureTypeOf(error: unknown): FailureType | null {
  if (!(error instanceof SluiceError)) return null;
  const said = error.details['failure_type'];
  return FAILURE_TYPES.find((type) => type === said) ?? null;
}
