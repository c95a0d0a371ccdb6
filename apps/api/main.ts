import 'reflect-metadata';
import { apiEnvSchema, ConfigError, loadConfig, readVersion } from '../../libs/config/index.js';
import { createLogger, startTracing } from '../../libs/observability/index.js';
import { exitWithParent, reportReady } from '../../libs/stack/parent-watch.js';
import { migrate } from '../../libs/store/index.js';
import { installRuntime } from '../../libs/worker-host/index.js';
import { Lifecycle } from './core/lifecycle.js';
import { createApi } from './create-api.js';

exitWithParent();
try {
  const config = loadConfig(apiEnvSchema);
  const logger = createLogger({ app: 'api', level: config.LOG_LEVEL });
  const version = readVersion();
  const tracing = await startTracing({ service: 'sluice-api', version });
  try {
    if (config.SLUICE_API_ACTIONS > 0) installRuntime(logger);
    await migrate(config.SLUICE_DATABASE_URL);
    const app = await createApi({ config, logger, version, tracing });
    await app.get(Lifecycle).start();
    await app.listen(config.PORT, config.HOST);
    const address = await app.getUrl();
    logger.info({ address }, 'the API is ready');
    reportReady(address);
  } catch (err) {
    logger.fatal({ err }, 'the API could not start');
    process.exit(1);
  }
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(2);
}
