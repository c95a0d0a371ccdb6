import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Interceptors of workflows where no traces are sent. They do nothing, in as many steps as those take that make spans: which of two handlers comes first
 * may depend on it, so a history that was recorded with traces replays without them, and the other way round. Loaded by path, into the workflows' bundle.
 */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      execute: async (input, next) => await step(() => next(input)),
      handleSignal: async (input, next) => await step(() => next(input)),
      handleUpdate: async (input, next) => await step(() => next(input)),
      handleQuery: async (input, next) => await step(() => next(input)),
    },
  ],
  outbound: [
    {
      scheduleActivity: async (input, next) => await step(async () => next(input)),
      scheduleLocalActivity: async (input, next) => await step(async () => next(input)),
      startChildWorkflowExecution: async (input, next) => await step(async () => next(input)),
      continueAsNew: async (input, next) => await step(async () => next(input)),
      signalWorkflow: async (input, next) => await step(async () => next(input)),
    },
  ],
});

/** Where a span would be opened, be the active one, and end. */
async function step<T>(work: () => Promise<T>): Promise<T> {
  const ended = async (): Promise<T> => await work();
  const active = async (): Promise<T> => await ended();
  return await active();
}
