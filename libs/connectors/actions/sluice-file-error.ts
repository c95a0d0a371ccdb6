import { SluiceError, type FieldError } from '../../errors/index.js';

const MAX_ERRORS = 50;

/** What is wrong in a sluice.yaml; the first mistake is in the words. */
export function sluiceFileError(errors: readonly FieldError[]): SluiceError {
  const [first] = errors;
  return new SluiceError('MANIFEST_INVALID', {
    detail: `sluice.yaml${first === undefined ? '' : ` ${first.path}: ${first.message}`}`,
    errors: errors.slice(0, MAX_ERRORS),
  });
}
