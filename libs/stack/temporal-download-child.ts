/** Run by temporal-download.ts in a process group of its own, which is killed once the file is there. */
import { Runtime } from '@temporalio/worker';
import { TEMPORAL_CLI_VERSION } from './temporal-version.js';

const tell = (message: { error?: string }): void => void process.send?.(message);
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));

try {
  await Runtime.instance().createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir: process.argv[2] ?? null,
      version: TEMPORAL_CLI_VERSION,
      ttl: 0,
      sdkName: 'sdk-typescript',
      sdkVersion: '1.24.0',
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: [],
  });
  tell({});
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
}
