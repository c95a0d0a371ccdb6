import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { workflowInterceptorModule } from '../temporal/index.js';

const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface WorkflowCode {
  workflows: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
  /** What has to be bundled with them; a bundle has it already. */
  interceptorModules: string[];
}

/** Made by the build beside the other: with what makes spans. Evaluated anew by each workflow that begins, so it costs where nobody sends traces. */
const traced = (bundle: string): string => bundle.replace(/\.js$/, '.traced.js');

/**
 * The bundle made by the build: `given`, else the one beside this build; where traces are sent, the one that makes spans. Which of them a workflow has
 * changes no command of it. Bundled at start (about 4 s) where there is none, and where payloads are encrypted, because the failure converter is part of
 * the bundle then.
 */
export function workflowCode(request: { bundle: string | undefined; encryption: boolean; tracing: boolean }): WorkflowCode {
  const { bundle = beside('../../workflows/bundle.js'), encryption, tracing } = request;
  const codePath = tracing ? traced(bundle) : bundle;
  if (!encryption && existsSync(codePath)) return { workflows: { workflowBundle: { codePath } }, interceptorModules: [] };
  return {
    workflows: { workflowsPath: beside('../../workflows/index.js') },
    interceptorModules: [workflowInterceptorModule({ tracing })],
  };
}
