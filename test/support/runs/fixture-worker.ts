/** The real worker with one more connector, `numbers`: a source that fails, waits and counts as its configuration says. */
import { loadConfig, workerEnvSchema } from '../../../libs/config/index.js';
import { createLogger } from '../../../libs/observability/index.js';
import { runWorker } from '../../../apps/worker/run-worker.js';
import { fixtureCatalog } from './fixture-catalog.js';

const config = loadConfig(workerEnvSchema);
const log = createLogger({ app: 'fixture-worker', level: config.LOG_LEVEL });
process.once('disconnect', () => process.exit(1));
await runWorker({
  config,
  log,
  tracing: null,
  version: 'test',
  catalog: (egress) => fixtureCatalog(egress, config.SLUICE_DUCKDB_DIR),
});
process.send?.({ ready: true });
