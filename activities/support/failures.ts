import { Context } from '@temporalio/activity';
import { toApplicationFailure } from '../../libs/errors/failure.js';
import { SluiceError, toSluiceError } from '../../libs/errors/index.js';
import { isStoreUnavailable } from '../../libs/store/index.js';

/** Any thrown value as one of our errors. What the destination and the source throw is translated there: a bare connection error is the store's. */
export function asSluiceError(thrown: unknown): SluiceError {
  if (!(thrown instanceof SluiceError) && isStoreUnavailable(thrown))
    return new SluiceError('STORE_UNAVAILABLE', { cause: thrown });
  return toSluiceError(thrown);
}

/** Runs an activity's body; what it throws becomes a failure with its code and safe words, and is logged with its cause. */
export async function withFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw failActivity(thrown);
  }
}

/** The failure to throw; `extra` is its second detail. */
export function failActivity(thrown: unknown, extra?: Readonly<Record<string, unknown>>): Error {
  const error = asSluiceError(thrown);
  Context.current().log.warn('an activity failed', { code: error.code, facts: error.details, err: error });
  return toApplicationFailure(error, extra);
}
