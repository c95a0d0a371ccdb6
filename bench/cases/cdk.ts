import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pythonEnvironment } from './python-environment.js';

const CDK_VERSION = '7.39.1';
const PROGRAM = 'source-declarative-manifest';

/**
 * Airbyte's own engine: SLUICE_BENCH_CDK (a Python environment that has it), else from PATH, else installed into the user's cache.
 * @returns its program, or why there is none
 */
export async function airbyteCdk(say: (line: string) => void): Promise<{ program: string } | { missing: string }> {
  const given = process.env['SLUICE_BENCH_CDK'];
  if (given !== undefined && given !== '') {
    const program = join(given, 'bin', PROGRAM);
    return existsSync(program) ? { program } : { missing: `SLUICE_BENCH_CDK names ${given}, where there is no bin/${PROGRAM}` };
  }
  const folders = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const onPath = folders.map((folder) => join(folder, PROGRAM)).find((program) => existsSync(program));
  if (onPath !== undefined) return { program: onPath };
  const requirements = [`airbyte-cdk==${CDK_VERSION}`];
  const found = await pythonEnvironment({ name: 'airbyte-cdk', version: CDK_VERSION, requirements, say });
  return 'missing' in found ? found : { program: join(found.bin, PROGRAM) };
}

/** It looks for language data in the network when it starts, and proxies are not for a server on this machine. */
export const CDK_ENVIRONMENT = {
  NLTK_DATA: '/nonexistent',
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  http_proxy: '',
  https_proxy: '',
};
