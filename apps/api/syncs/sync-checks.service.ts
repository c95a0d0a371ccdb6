import { Inject, Injectable } from '@nestjs/common';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type { Catalog } from '../../../libs/contracts/stream.js';
import type { Schedule, SyncSpec } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { ACTION_CAPABILITIES } from '../../../libs/reverse/index.js';
import { CATALOG } from '../core/tokens.js';
import { ConnectionsService } from '../connections/connections.service.js';
import { ProbeService } from '../connections/probe.service.js';
import { ConnectorsService } from '../connectors/connectors.service.js';
import { scheduleErrors } from './schedule.policy.js';
import { assertStreams, type LoadingAbility } from './sync-streams.policy.js';

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
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
  ) {}

  /** The source's catalog, for further checks. Errors: VALIDATION_FAILED, those of assertStreams, the source's own. */
  async assertSpec(ends: Ends, spec: SyncSpec): Promise<Catalog> {
    const { workspaceId } = ends;
    const source = await this.connector({ workspaceId, id: ends.sourceId }, '/source_id');
    if (source.row.kind !== 'source') throw wrong('/source_id', 'is a destination, not a source', ends.sourceId);
    const destination = this.ability(await this.connector({ workspaceId, id: ends.destinationId }, '/destination_id'));
    if (destination === null)
      throw wrong('/destination_id', 'is a source whose connector has no actions, not a destination', ends.destinationId);
    const catalog = await this.probe.discover({ workspaceId, id: ends.sourceId });
    assertStreams({ spec, catalog, destination });
    return catalog;
  }

  /** Errors: INVALID_SCHEDULE. */
  assertSchedule(schedule: Schedule | null | undefined): void {
    const errors = schedule == null ? [] : scheduleErrors(schedule, new Date());
    if (errors.length > 0) throw new SluiceError('INVALID_SCHEDULE', { errors });
  }

  /** What can be loaded with a connector; null: nothing. */
  private ability({ row: connector, description }: Described): LoadingAbility | null {
    const { capabilities, actions } = description;
    if (capabilities !== null) return { ...capabilities, rows: null };
    if (actions.length === 0) return null;
    return { ...ACTION_CAPABILITIES, rows: { actions, compile: (action) => this.catalog.rowInput({ connector, action }) } };
  }

  private async connector(key: { workspaceId: string; id: string }, path: string): Promise<Described> {
    const connection = await this.connections.find(key).catch((error: unknown) => {
      throw error instanceof SluiceError && error.code === 'NOT_FOUND' ? wrong(path, 'is not a connection', key.id) : error;
    });
    return this.connectors.describe({ workspaceId: key.workspaceId, name: connection.connector });
  }
}

type Described = Awaited<ReturnType<ConnectorsService['describe']>>;

const wrong = (path: string, message: string, found: string): SluiceError =>
  new SluiceError('VALIDATION_FAILED', { errors: [{ path, message, found }] });
