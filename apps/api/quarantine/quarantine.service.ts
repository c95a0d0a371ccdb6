import { Inject, Injectable } from '@nestjs/common';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { QuarantinedRecord, QuarantineRequest } from '../../../libs/contracts/quarantine.port.js';
import type { QuarantineQuery } from '../../../libs/contracts/quarantine.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { getInstallationId, getRun, listDestinationsOfSyncs, type Pool } from '../../../libs/store/index.js';
import { OPENER, POOL } from '../core/tokens.js';
import { encodeCursor, textCursor } from '../http/cursor.js';
import { SyncsService } from '../syncs/syncs.service.js';

const LIST = 'quarantine';
/** In which destination a list goes on, and below which id; without one: at its newest. */
const PLACE = /^([0-9a-f-]{36}):(\d{1,19})?$/;

/** Records kept aside, read where they lie. */
@Injectable()
export class QuarantineService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND (the sync or run), VALIDATION_FAILED, those of the destination. */
  async list({ workspaceId, query }: { workspaceId: string; query: QuarantineQuery }) {
    const at = placeOf(query.cursor);
    const destinations = await this.destinations(workspaceId, query);
    const open = at === null ? destinations : destinations.filter(({ destinationId }) => destinationId >= at.destinationId);
    for (const [index, { destinationId, syncIds }] of open.entries()) {
      const before = at?.destinationId === destinationId ? at.before : null;
      const { records, next } = await this.read(workspaceId, destinationId, { query, syncIds, before });
      const following = open[index + 1]?.destinationId;
      const place = next !== null ? `${destinationId}:${next}` : following === undefined ? null : `${following}:`;
      // A destination that has none is passed over, so that no page but the last is empty.
      if (records.length > 0 || place === null)
        return { data: records.map(view), next_cursor: place === null ? null : encodeCursor(LIST, place) };
    }
    return { data: [], next_cursor: null };
  }

  /** By id, with the syncs that load them. */
  private async destinations(workspaceId: string, { sync, run }: QuarantineQuery) {
    const ofRun = run === undefined ? null : await getRun(this.pool, { id: run });
    if (run !== undefined && ofRun?.workspaceId !== workspaceId) throw new SluiceError('NOT_FOUND', { detail: `run ${run}` });
    const syncId = sync ?? ofRun?.syncId;
    if (syncId === undefined) return listDestinationsOfSyncs(this.pool, { workspaceId });
    const { destinationId } = await this.syncs.find({ workspaceId, id: syncId });
    return [{ destinationId, syncIds: [syncId] }];
  }

  private async read(
    workspaceId: string,
    connectionId: string,
    { query, syncIds, before }: { query: QuarantineQuery } & Pick<QuarantineRequest, 'syncIds' | 'before'>,
  ) {
    const destination = await this.opener.openDestination({ workspaceId, connectionId });
    try {
      const { quarantine } = destination;
      if (quarantine === undefined)
        throw new SluiceError('DESTINATION_UNSUPPORTED', { detail: 'this destination does not show its quarantine' });
      const { stream, run: runId, reason, field, since, until, limit } = query;
      return await quarantine.read({
        ...{ installation: await getInstallationId(this.pool), syncIds, before, limit, stream, runId, reason, field },
        since: since === undefined ? undefined : new Date(since),
        until: until === undefined ? undefined : new Date(until),
      });
    } finally {
      await destination.close().catch(() => {});
    }
  }
}

function placeOf(cursor: string | undefined): { destinationId: string; before: string | null } | null {
  const text = textCursor(LIST, cursor);
  if (text === null) return null;
  const [, destinationId, before] = PLACE.exec(text) ?? [];
  if (destinationId === undefined)
    throw new SluiceError('VALIDATION_FAILED', {
      detail: 'in the query',
      errors: [{ path: '/cursor', message: 'is not a cursor of this list; send `next_cursor` as it came' }],
    });
  return { destinationId, before: before ?? null };
}

const view = ({ id, syncId, stream, lane, runId, reason, field, record, at }: QuarantinedRecord) => ({
  ...{ id, sync_id: syncId, stream, lane, run_id: runId, reason, field, record },
  at: at.toISOString(),
});
