import { Inject, Injectable } from '@nestjs/common';
import type { ApiEnv } from '../../../libs/config/index.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import type { RunControl, StartedRun } from '../../../libs/contracts/run-control.port.js';
import type { RunLogEntryView, RunQuery, RunView, StartedRunView } from '../../../libs/contracts/run.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  countSlicesOfRuns,
  findRun,
  listRunLog,
  listRuns,
  listStreamsOfRuns,
  type Pool,
  type RunRow,
} from '../../../libs/store/index.js';
import { CONFIG, POOL, RUN_CONTROL } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { assertStreamsNamed } from '../syncs/sync-changes.policy.js';
import { currentVersion, SyncsService } from '../syncs/syncs.service.js';
import { logView, runView } from './run-view.js';

const LIST = 'runs';
const LOG = 'log';
interface Key {
  workspaceId: string;
  id: string;
}
export type RunCommand = 'cancel' | 'pause' | 'resume' | 'retry';

/** Runs as they are shown and commanded; what a command does is RunControl's. */
@Injectable()
export class RunsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CONFIG) private readonly config: ApiEnv,
    @Inject(RUN_CONTROL) private readonly control: RunControl,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND, VALIDATION_FAILED for a reset of no stream, RUN_ACTIVE, TEMPORAL_UNAVAILABLE. */
  async start(request: Key & { reset: readonly string[] }): Promise<StartedRunView> {
    const sync = await this.syncs.find(request);
    assertStreamsNamed((await currentVersion(this.pool, sync)).spec, request.reset);
    const started = await this.control.start({
      ...{ workspaceId: request.workspaceId, syncId: sync.id, trigger: 'api' },
      resets: request.reset,
    });
    return startedView(started);
  }

  /** Errors: NOT_FOUND, RUN_NOT_ACTIVE, RUN_ACTIVE (retry), TEMPORAL_UNAVAILABLE. */
  async command(request: Key & { command: RunCommand }): Promise<StartedRunView> {
    const { workspaceId } = request;
    const { id: runId } = await this.find(request);
    return startedView(await this.control[request.command]({ workspaceId, runId }));
  }

  async list(request: { workspaceId: string; query: RunQuery }): Promise<Page<RunView>> {
    const { limit, cursor, sync, state } = request.query;
    const result = await listRuns(this.pool, {
      ...{ workspaceId: request.workspaceId, syncId: sync ?? null, states: state ?? null, limit },
      after: numberCursor(LIST, cursor),
    });
    return { data: await this.views(result.rows), next_cursor: pageOfResult(LIST, result, () => null).next_cursor };
  }

  async get(key: Key): Promise<RunView> {
    const [view] = await this.views([await this.find(key)]);
    if (view === undefined) throw new SluiceError('INTERNAL', { detail: 'a run without a view' });
    return view;
  }

  async log(request: Key & { query: PageQuery }): Promise<Page<RunLogEntryView>> {
    const { id: runId } = await this.find(request);
    const { limit, cursor } = request.query;
    return pageOfResult(LOG, await listRunLog(this.pool, { runId, limit, after: numberCursor(LOG, cursor) }), logView);
  }

  private async find(key: Key): Promise<RunRow> {
    const run = await findRun(this.pool, key);
    if (run === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    return run;
  }

  private async views(runs: readonly RunRow[]): Promise<RunView[]> {
    const runIds = runs.map(({ id }) => id);
    const [streams, slices] = await Promise.all([
      listStreamsOfRuns(this.pool, { runIds }),
      countSlicesOfRuns(this.pool, { runIds }),
    ]);
    const { TEMPORAL_UI_URL: temporalUi, TEMPORAL_NAMESPACE: namespace } = this.config;
    return runs.map((run) =>
      runView({
        ...{ run, temporalUi, namespace },
        streams: streams.filter(({ runId }) => runId === run.id),
        slices: slices.filter(({ runId }) => runId === run.id),
      }),
    );
  }
}

const startedView = ({ runId, state }: StartedRun): StartedRunView => ({ id: runId, state });
