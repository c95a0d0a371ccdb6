import { Inject, Injectable } from '@nestjs/common';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { StreamDescriptionView } from '../../../libs/contracts/connection.schema.js';
import type { Catalog, StreamDescriptor } from '../../../libs/contracts/stream.js';
import { SluiceError, toProblem, type Problem } from '../../../libs/errors/index.js';
import type { Logger } from '../../../libs/observability/index.js';
import { ConnectorsService } from '../connectors/connectors.service.js';
import { clearNeedsReauthorization, type Pool } from '../../../libs/store/index.js';
import { LOGGER, OPENER, POOL } from '../core/tokens.js';
import { errorOfRequest } from '../http/to-sluice-error.js';
import { ConnectionsService } from './connections.service.js';

interface Key {
  workspaceId: string;
  id: string;
}

/** Asks external systems while somebody waits. */
@Injectable()
export class ProbeService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
    @Inject(ConnectionsService) private readonly connections: ConnectionsService,
    @Inject(ConnectorsService) private readonly connectors: ConnectorsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether the connection works; why not is an answer, not a failure. Errors: NOT_FOUND. */
  async check(key: Key): Promise<{ ok: boolean; error?: Problem }> {
    const row = await this.connections.find(key);
    try {
      const { row: connector } = await this.connectors.describe({ workspaceId: key.workspaceId, name: row.connector });
      const request = { workspaceId: key.workspaceId, connectionId: key.id };
      await use(
        connector.kind === 'source' ? (await this.opener.openSource(request)).source : await this.opener.openDestination(request),
        (adapter) => adapter.check(),
      );
      if (row.needsReauthorizationSince !== null) await clearNeedsReauthorization(this.pool, { ids: [row.id] });
      return { ok: true };
    } catch (thrown) {
      const error = errorOfRequest(thrown);
      if (error.code === 'INTERNAL') this.logger.error({ err: error, connection: key.id }, 'check failed in an unexpected way');
      // Who checks asks what the source says: here the start of its answer may be seen, in the answer and nowhere else.
      const evidence = error.evidence === undefined ? {} : { evidence: error.evidence };
      return { ok: false, error: { ...toProblem(error), ...evidence } };
    }
  }

  async streams(key: Key): Promise<StreamDescriptionView[]> {
    await this.connections.find(key);
    return (await this.discover(key)).streams.map(streamView);
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED when the connection is a destination, and the source's own. */
  async discover(key: Key): Promise<Catalog> {
    const row = await this.connections.find(key);
    const { row: connector } = await this.connectors.describe({ workspaceId: key.workspaceId, name: row.connector });
    if (connector.kind !== 'source')
      throw new SluiceError('VALIDATION_FAILED', {
        detail: `the connection "${row.name}" is a destination: it has no streams to read`,
      });
    const { source } = await this.opener.openSource({ workspaceId: key.workspaceId, connectionId: key.id });
    return use(source, (adapter) => adapter.discover());
  }
}

async function use<Adapter extends { close(): Promise<void> }, T>(
  adapter: Adapter,
  work: (adapter: Adapter) => Promise<T>,
): Promise<T> {
  try {
    return await work(adapter);
  } finally {
    await adapter.close().catch(() => {});
  }
}

function streamView(stream: StreamDescriptor): StreamDescriptionView {
  return {
    name: stream.name,
    json_schema: stream.jsonSchema as StreamDescriptionView['json_schema'],
    primary_key: [...stream.primaryKey],
    cursor_field: stream.cursorField,
    modes: [...stream.modes],
    resume: stream.resume,
    warnings: [...stream.warnings],
    unavailable: stream.unavailable,
  };
}
