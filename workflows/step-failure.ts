import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { MoveProgress } from '../libs/contracts/workflows.js';
import { fromApplicationFailure } from '../libs/errors/failure.js';
import { errorEntry, SluiceError } from '../libs/errors/index.js';
import type { StepFailure } from './sync.policy.js';

const hasProgress = (value: unknown): boolean => {
  const { chunks = 0, slices = 0 } = (value ?? {}) as Partial<MoveProgress>;
  return chunks > 0 || slices > 0;
};

/** What an activity's failure means for the run, named after the stream it happened in. */
export function toStepFailure(thrown: unknown, stream?: string): StepFailure {
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  if (cause instanceof TimeoutFailure) {
    const error = new SluiceError('INTERNAL', { detail: 'the worker stopped answering' });
    return { ...describe(error, stream), retryable: true, lost: true, progressed: hasProgress(cause.lastHeartbeatDetails) };
  }
  if (cause instanceof ApplicationFailure) {
    const error = fromApplicationFailure(cause);
    return {
      ...describe(error, stream),
      retryable: !cause.nonRetryable,
      lost: false,
      progressed: hasProgress(cause.details?.[1]),
    };
  }
  return {
    ...describe(new SluiceError('INTERNAL', { detail: 'a step failed in an unknown way' }), stream),
    retryable: true,
    lost: false,
    progressed: false,
  };
}

function describe(error: SluiceError, stream: string | undefined): Pick<StepFailure, 'error'> {
  return {
    error: {
      code: error.code,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(stream === undefined ? {} : { stream }),
      ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
    },
  };
}

/** The failure that a failed run's workflow ends with, so that Temporal shows the same code as the API. */
export function toWorkflowFailure({ error }: Pick<StepFailure, 'error'>): ApplicationFailure {
  const where = error.stream === undefined ? '' : `${error.stream}: `;
  return ApplicationFailure.create({
    type: error.code,
    message: `${where}${errorEntry(error.code).title}${error.detail === undefined ? '' : `: ${error.detail}`}`,
    nonRetryable: true,
  });
}
