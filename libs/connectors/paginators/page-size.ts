import { SluiceError } from '../../errors/index.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isInteger } from '../template/values.js';

/** A strategy's page size; null: it has none, or 0. Throws CONFIG_INVALID. */
export function pageSizeOf(size: Interpolation | undefined, scope: Scope): number | null {
  if (size === undefined) return null;
  const value = size.evaluate(scope, null);
  if (isInteger(value) && value >= 0) return Number(value) || null;
  throw new SluiceError('CONFIG_INVALID', {
    detail: `the page size at ${size.pointer} is not a positive whole number`,
    details: { failure_type: 'system_error' },
  });
}
