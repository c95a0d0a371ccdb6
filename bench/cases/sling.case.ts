import { join } from 'node:path';
import type { Peer } from './peer.js';
import { programCase } from './program.case.js';
import { pythonEnvironment } from './python-environment.js';

/** The wheel with the program itself: the package `sling` downloads it when it is first used. */
const SLING_VERSION = '1.4.11';

/** Sling, one JSONL download: into an empty table, and merged by key. */
export const slingPeer: Peer = {
  name: 'sling',
  async find({ modes, work, databaseUrl, file, say }) {
    const requirement = `sling-linux-amd64==${SLING_VERSION}`;
    const found = await pythonEnvironment({ name: 'sling', version: SLING_VERSION, requirements: [requirement], say });
    if ('missing' in found) return found;
    const program = join(found.sitePackages, 'sling_linux_amd64', 'bin', 'sling-linux-amd64');
    const folder = join(work, 'sling');
    const options = JSON.stringify({ flatten: true, format: 'jsonlines' });
    return modes.map((mode) =>
      programCase({
        ...{ peer: 'sling', mode, rows: file.rows, folder },
        command: (schema) => ({
          program,
          args: [
            ...['run', '--src-stream', file.url, '--src-options', options],
            ...['--tgt-conn', 'WAREHOUSE', '--tgt-object', `${schema}.events`],
            ...(mode === 'append' ? ['--mode', 'full-refresh'] : ['--mode', 'incremental', '--primary-key', 'id']),
          ],
          env: { SLING_HOME_DIR: folder, WAREHOUSE: withoutTls(databaseUrl) },
        }),
      }),
    );
  },
};

/** Go's driver asks for TLS unless told otherwise. */
export function withoutTls(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('sslmode', 'disable');
  return url.href;
}
