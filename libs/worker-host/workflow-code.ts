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

/**
 * The bundle made by the build: `given`, else the one beside this build. Bundled at start (about 4 s) where there is none, and where payloads
 * are encrypted, because the failure converter is part of the bundle then.
 */
export function workflowCode(given: string | undefined, encryption: boolean): WorkflowCode {
  const codePath = given ?? beside('../../workflows/bundle.js');
  if (!encryption && existsSync(codePath)) return { workflows: { workflowBundle: { codePath } }, interceptorModules: [] };
  return { workflows: { workflowsPath: beside('../../workflows/index.js') }, interceptorModules: [workflowInterceptorModule()] };
}
