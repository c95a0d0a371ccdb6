import { Inject, Injectable } from '@nestjs/common';
import { CancelledFailure, Context } from '@temporalio/activity';
import { moveChunksInputSchema, type MoveChunksInput } from '../../libs/contracts/activities.schema.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import { isTerminal } from '../../libs/contracts/run-state.js';
import type { MoveChunksResult, SyncActivities } from '../../libs/contracts/workflows.js';
import { SluiceError } from '../../libs/errors/index.js';
import { loadRunScope, openRunDestination, openRunSource, pinnedCatalog, streamScope } from '../../libs/runs/run-scope.js';
import { isIncremental, mayHoldSnapshot } from '../../libs/runs/stream-target.js';
import { appendRunLog, type Pool } from '../../libs/store/index.js';
import { refreshCounts } from '../run/refresh-counts.js';
import { DriftLog } from '../../libs/drift/index.js';
import { asSluiceError, failActivity } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { CHUNK_LIMITS, CONNECTION_OPENER, POOL } from '../tokens.js';
import type { ChunkLimits } from '../../libs/pipeline/index.js';
import { ChunkMover } from './chunk-mover.js';
import { CountsPulse } from './counts-pulse.js';
import { PlanFeed } from './plan-feed.js';
import { HeldView } from './snapshot-view.js';
import { StopSignals } from './stop-signals.js';
import { sampleOf } from './sample-of.js';
import { warnOnce } from './warn-once.js';

/** A destination that another process has is asked for every 20 s, for hours perhaps. */
const HELD_LOG_MINUTES = 10;

/** The one data activity. */
@Injectable()
export class MoveActivities implements Pick<SyncActivities, 'moveChunks'> {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CONNECTION_OPENER) private readonly opener: ConnectionOpener,
    @Inject(CHUNK_LIMITS) private readonly limits: ChunkLimits,
    @Inject(DriftLog) private readonly drift: Pick<DriftLog, 'look'>,
  ) {}

  async moveChunks(input: MoveChunksInput): Promise<MoveChunksResult> {
    const request = moveChunksInputSchema.parse(input);
    const stop = new StopSignals(Context.current());
    const attempt: { mover?: ChunkMover } = {};
    const progress = () => attempt.mover?.progress ?? { chunks: 0, slices: 0 };
    try {
      const work = this.move(request, stop, (mover) => (attempt.mover = mover));
      return await withHeartbeat(() => Promise.race([work, stop.torn]), progress);
    } catch (error) {
      if (error instanceof CancelledFailure || stop.isForgotten) throw new CancelledFailure('the attempt was cancelled');
      await this.log(request, asSluiceError(error));
      throw failActivity(error, progress());
    } finally {
      stop.close();
    }
  }

  private async move(
    { runId, stream, mover, attempt, windowMs, failures }: MoveChunksInput,
    stop: StopSignals,
    begun: (mover: ChunkMover) => void,
  ): Promise<MoveChunksResult> {
    const deadline = Date.now() + windowMs;
    const { pool, opener, limits } = this;
    const scope = await loadRunScope(pool, runId);
    const catalog = scope === null ? null : await pinnedCatalog(pool, scope);
    if (scope === null || catalog === null || isTerminal(scope.run.state))
      throw new SluiceError('STALE_RUN', { detail: 'the run was closed', details: { run: runId } });
    const { ref, target, descriptor } = streamScope(scope, catalog, stream);
    const subject = {
      workspaceId: scope.run.workspaceId,
      connectionId: scope.sync.sourceId,
      kind: 'stream',
      operation: stream,
    } as const;
    const { source } = await openRunSource(pool, opener, scope);
    const destination = await openRunDestination(opener, scope);
    let calls = 0;
    const pulse = new CountsPulse(async () => {
      const told = calls;
      const counts = await refreshCounts(pool, destination, ref, told);
      calls -= told;
      return counts;
    });
    try {
      const feed = new PlanFeed({ pool, source, runId, stream, incremental: isIncremental(target) }, { mover, attempt });
      const { drain } = stop;
      const warn = warnOnce(pool, { runId, stream });
      const chunkMover = new ChunkMover({
        ...{ source, destination, feed, ref, target },
        ...{ limits, warn, failures, deadline, drain },
        onPage: (page) => {
          calls += page.requests;
          this.drift.look(subject, descriptor.jsonSchema as JsonObject, () => sampleOf(page));
        },
        ...(mayHoldSnapshot(source, target) ? { snapshots: new HeldView({ pool, runId, stream }) } : {}),
      });
      begun(chunkMover);
      const outcome = await Promise.race([chunkMover.run(), stop.torn]);
      if (outcome.status === 'throttled' && outcome.heldBy !== undefined) {
        await this.log({ runId, stream, mover, attempt }, outcome.heldBy, HELD_LOG_MINUTES);
        return { status: 'throttled', until: outcome.until, held: true, ...chunkMover.progress, rows: null };
      }
      return { ...outcome, ...chunkMover.progress, rows: await pulse.last() };
    } finally {
      pulse.close();
      await Promise.allSettled([source.close(), destination.close()]);
    }
  }

  /** So that whoever reads the run sees why it went slower; the run goes on without it. */
  private async log(
    { runId, stream, mover, attempt }: Omit<MoveChunksInput, 'windowMs'>,
    error: SluiceError,
    quietMinutes?: number,
  ): Promise<void> {
    const details = { ...error.details, mover: Number(mover), attempt };
    const entry = { runId, level: 'warn', code: error.code, stream, message: error.message, details } as const;
    await appendRunLog(this.pool, { ...entry, ...(quietMinutes === undefined ? {} : { quietMinutes }) }).catch(() => {});
  }
}
