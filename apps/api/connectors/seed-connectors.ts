import { Inject, Injectable } from '@nestjs/common';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import { connectorHash, getDefaultWorkspaceId, hasConnectorVersion, type Pool } from '../../../libs/store/index.js';
import { CATALOG, LOGGER, POOL } from '../core/tokens.js';
import { ConnectorsService } from './connectors.service.js';

/** `connectors/` of the checkout, and of dist. */
const SHIPPED = join(import.meta.dirname, '../../../connectors');

/** Puts what ships with Sluice into the store at start: a version that is not there yet becomes the current one. */
@Injectable()
export class ConnectorSeed {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(ConnectorsService) private readonly connectors: ConnectorsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    const workspaceId = await getDefaultWorkspaceId(this.pool);
    for (const { name, kind } of this.catalog.builtIn) await this.seed({ workspaceId, name, kind, manifest: null });
    for (const name of await shippedNames()) {
      try {
        const manifest = this.catalog.parse(await readFile(join(SHIPPED, name, 'manifest.yaml'), 'utf8'));
        const text = await readFile(join(SHIPPED, name, 'sluice.yaml'), 'utf8').catch(() => null);
        const sluice = text === null ? null : this.catalog.parseSluice(text, manifest);
        this.catalog.describe({ name, kind: 'source', manifest, sluice });
        await this.seed({ workspaceId, name, kind: 'source', manifest, sluice });
      } catch (error) {
        // One bad manifest must not keep the API from serving the others.
        this.logger.error({ err: error, connector: name }, 'a shipped connector could not be registered');
      }
    }
  }

  private async seed(connector: Parameters<ConnectorsService['store']>[0]): Promise<void> {
    const { workspaceId, name } = connector;
    if (await hasConnectorVersion(this.pool, { workspaceId, name, hash: connectorHash(connector) })) return;
    await this.connectors.store(connector);
  }
}

async function shippedNames(): Promise<string[]> {
  const entries = await readdir(SHIPPED, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
