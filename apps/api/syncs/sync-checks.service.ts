import { Inject, Injectable } from '@nestjs/common';
import type { Catalog } from '../../../libs/contracts/stream.js';
import type { Schedule, SyncSpec } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { ConnectionsService } from '../connections/connections.service.js';
import { ProbeService } from '../connections/probe.service.js';
import { ConnectorsService } from '../connectors/connectors.service.js';
import { scheduleErrors } from './schedule.policy.js';
import { assertStreams } from './sync-streams.policy.js';

interface Ends {
  workspaceId: string;
  sourceId: string;
  destinationId: string;
}

/** Whether a sync's definition can be run, asked of the source itself. */
@Injectable()
export class SyncChecks {
  constructor(
    @Inject(ConnectionsService) private readonly connections: ConnectionsService,
    @Inject(ConnectorsService) private readonly connectors: ConnectorsService,
    @Inject(ProbeService) private readonly probe: ProbeService,
  ) {}

  /** The source's catalog, for further checks. Errors: VALIDATION_FAILED, those of assertStreams, the source's own. */
  async assertSpec(ends: Ends, spec: SyncSpec): Promise<Catalog> {
    const { workspaceId } = ends;
    await this.assertKind({ workspaceId, id: ends.sourceId }, 'source', '/source_id');
    const destination = await this.assertKind({ workspaceId, id: ends.destinationId }, 'destination', '/destination_id');
    const catalog = await this.probe.discover({ workspaceId, id: ends.sourceId });
    assertStreams({ spec, catalog, destination: destination.capabilities ?? { delivery: {}, deletes: false, digests: false } });
    return catalog;
  }

  /** Errors: INVALID_SCHEDULE. */
  assertSchedule(schedule: Schedule | null | undefined): void {
    const errors = schedule == null ? [] : scheduleErrors(schedule, new Date());
    if (errors.length > 0) throw new SluiceError('INVALID_SCHEDULE', { errors });
  }

  private async assertKind(key: { workspaceId: string; id: string }, kind: 'source' | 'destination', path: string) {
    const wrong = (message: string): SluiceError =>
      new SluiceError('VALIDATION_FAILED', { errors: [{ path, message, found: key.id }] });
    const connection = await this.connections.find(key).catch((error: unknown) => {
      throw error instanceof SluiceError && error.code === 'NOT_FOUND' ? wrong('is not a connection') : error;
    });
    const { row, description } = await this.connectors.describe({ workspaceId: key.workspaceId, name: connection.connector });
    if (row.kind !== kind) throw wrong(`is a ${row.kind}, not a ${kind}`);
    return description;
  }
}
