import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

const beside = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The bundle made by the build: `given`, else the one beside this build. Bundled at start (about 4 s) where there is none, and where payloads
 * are encrypted, because the failure converter is part of the bundle then.
 */
export function workflowCode(
  given: string | undefined,
  encryption: boolean,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = given ?? beside('../../workflows/bundle.js');
  if (!encryption && existsSync(codePath)) return { workflowBundle: { codePath } };
  return { workflowsPath: beside('../../workflows/index.js') };
}
