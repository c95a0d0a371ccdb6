import { SluiceError } from '../../../libs/errors/index.js';
import type { RunError } from '../../../libs/store/index.js';

/** The answer to whoever waited for a run that failed; `run` in its details is the run's id. */
export function failureOfRun({ id, error }: { id: string; error: RunError | null }): SluiceError {
  const { code, detail, details, errors = [] } = error ?? { code: 'INTERNAL' as const };
  return new SluiceError(code, { ...(detail === undefined ? {} : { detail }), errors, details: { ...details, run: id } });
}
