import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { NewBackfill, StartedBackfillView } from '../../../libs/contracts/backfill.schema.js';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { RunControl } from '../../../libs/contracts/run-control.port.js';
import type { StateWrite, StreamStates } from '../../../libs/contracts/stream-states.port.js';
import type { StreamState } from '../../../libs/contracts/stream.js';
import type { SyncSpec } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { inQuietLane } from '../../../libs/runs/index.js';
import type { Pool, SyncRow } from '../../../libs/store/index.js';
import { OPENER, POOL, RUN_CONTROL } from '../core/tokens.js';
import { stateBetween } from '../states/state-between.js';
import { currentVersion, SyncsService } from '../syncs/syncs.service.js';

interface Request {
  workspaceId: string;
  id: string;
  body: NewBackfill;
}

/**
 * A backfill is an ordinary run in a lane of its own, whose state says that everything is read but the range. So it plans, resumes, is retried
 * and is limited as any run is, and never touches the live lane's state.
 */
@Injectable()
export class BackfillsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
    @Inject(RUN_CONTROL) private readonly runs: RunControl,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND, VALIDATION_FAILED, BACKFILL_NOT_POSSIBLE, STATE_NOT_POSSIBLE, STATE_INVALID, TEMPORAL_UNAVAILABLE. */
  async start(request: Request): Promise<StartedBackfillView> {
    const { workspaceId, id: syncId } = request;
    const sync = await this.syncs.find(request);
    const { spec } = await currentVersion(this.pool, sync);
    assertPossible(spec, request.body);
    const states = await this.statesOf(sync, request.body);
    const lane = `backfill:${randomUUID()}`;
    await this.withStates(sync, (destination) =>
      inQuietLane(this.pool, { workspaceId, syncId, lane }, ({ ref }) =>
        destination.write({
          changes: [...states].map(([stream, state]): StateWrite => ({
            ref: ref(stream),
            version: 0,
            state,
            origin: 'backfill',
          })),
        }),
      ),
    );
    const started = await this.runs.start({ workspaceId, syncId, trigger: 'api', lane, streams: [...states.keys()] });
    return { id: started.runId, state: started.state, lane };
  }

  /** By stream: a state that lacks nothing but the range. */
  private async statesOf({ workspaceId, sourceId }: SyncRow, body: NewBackfill): Promise<Map<string, StreamState>> {
    const { source } = await this.opener.openSource({ workspaceId, connectionId: sourceId });
    try {
      const states = new Map<string, StreamState>();
      for (const stream of body.streams)
        states.set(stream, await stateBetween(source.states, { stream, from: body.from, to: body.to ?? null }));
      return states;
    } finally {
      await source.close().catch(() => {});
    }
  }

  private async withStates(sync: SyncRow, work: (states: StreamStates) => Promise<void>): Promise<void> {
    const { workspaceId, destinationId } = sync;
    const destination = await this.opener.openDestination({ workspaceId, connectionId: destinationId });
    try {
      if (destination.states === undefined)
        throw new SluiceError('DESTINATION_UNSUPPORTED', { detail: 'this destination has one lane only' });
      await work(destination.states);
    } finally {
      await destination.close().catch(() => {});
    }
  }
}

/** What can be said before the source is asked; that a stream has a cursor its run finds out. */
function assertPossible(spec: SyncSpec, { streams }: NewBackfill): void {
  const allowed = spec.streams.map(({ name }) => name);
  const errors = streams.flatMap((name, index) =>
    allowed.includes(name) ? [] : [{ path: `/streams/${index}`, message: 'is not a stream of the sync', found: name, allowed }],
  );
  if (errors.length > 0) throw new SluiceError('VALIDATION_FAILED', { errors });
  const refused = spec.streams.find(
    ({ name, mode, deletes }) => streams.includes(name) && (mode !== 'incremental_upsert' || deletes !== undefined),
  );
  if (refused !== undefined)
    throw new SluiceError('BACKFILL_NOT_POSSIBLE', {
      detail: `the stream ${refused.name} is loaded by ${refused.mode}${refused.deletes === undefined ? '' : ' with deletes'}`,
      details: { stream: refused.name },
    });
}
