import 'reflect-metadata';
import { ConfigError, loadConfig, readVersion, workerEnvSchema } from '../../libs/config/index.js';
import { createConnectorCatalog } from '../../libs/connections/index.js';
import { createLogger, startTracing } from '../../libs/observability/index.js';
import { exitWithParent, reportReady } from '../../libs/stack/parent-watch.js';
import { runWorker } from './run-worker.js';

exitWithParent();
try {
  const config = loadConfig(workerEnvSchema);
  const log = createLogger({ app: 'worker', level: config.LOG_LEVEL });
  const version = readVersion();
  const tracing = await startTracing({ service: 'sluice-worker', version });
  await runWorker({
    config,
    log,
    tracing,
    version,
    catalog: (egress) => createConnectorCatalog(egress, { duckdbFolder: config.SLUICE_DUCKDB_DIR }),
  });
  reportReady();
} catch (error) {
  // Without a usable environment there is no log to write to.
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
