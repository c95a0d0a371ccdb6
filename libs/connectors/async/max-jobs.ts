import { SluiceError } from '../../errors/index.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isNumber, toNumber } from '../template/values.js';

/** As in Airbyte: 1 where the manifest says nothing, what is no number, or less. */
export function maxJobs(declared: Interpolation | undefined, scope: Scope): number {
  if (declared === undefined) return 1;
  let value: unknown;
  try {
    value = declared.evaluate(scope, null);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
  }
  const number = isNumber(value) ? toNumber(value) : Number(value ?? NaN);
  return Number.isFinite(number) && number >= 1 ? Math.trunc(number) : 1;
}
