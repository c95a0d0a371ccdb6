import { Inject, Injectable } from '@nestjs/common';
import type { Page } from '../../../libs/contracts/page.schema.js';
import type {
  FindingQuery,
  FindingView,
  NewVerification,
  VerificationView,
} from '../../../libs/contracts/verification.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { startVerification } from '../../../libs/runs/index.js';
import {
  getVerification,
  listFindings,
  listVerificationStreams,
  type Pool,
  type VerificationRow,
} from '../../../libs/store/index.js';
import type { TemporalClient } from '../../../libs/temporal/index.js';
import { POOL, TEMPORAL } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { errorView } from '../runs/run-view.js';
import { currentVersion, SyncsService } from '../syncs/syncs.service.js';

interface Key {
  workspaceId: string;
  id: string;
}
const FINDINGS = 'findings';

/** Verifications as they are asked for and shown. */
@Injectable()
export class VerificationsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(TEMPORAL) private readonly temporal: TemporalClient,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND, VALIDATION_FAILED, RUN_ACTIVE, VERIFICATION_ACTIVE, TEMPORAL_UNAVAILABLE. */
  async start(request: Key & { body: NewVerification }): Promise<VerificationView> {
    const { workspaceId, id, body } = request;
    const sync = await this.syncs.find(request);
    const { spec } = await currentVersion(this.pool, sync);
    const allowed = spec.streams.map(({ name }) => name);
    const streams = body?.streams ?? allowed;
    const errors = streams.flatMap((name, index) =>
      allowed.includes(name) ? [] : [{ path: `/streams/${index}`, message: 'is not a stream of the sync', found: name, allowed }],
    );
    if (errors.length > 0) throw new SluiceError('VALIDATION_FAILED', { errors });
    const { source = false, repair = false } = body ?? {};
    const ports = { pool: this.pool, temporal: this.temporal };
    return this.view(await startVerification(ports, { workspaceId, syncId: id, streams: [...new Set(streams)], source, repair }));
  }

  async get(key: Key): Promise<VerificationView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async findings(request: Key & { query: FindingQuery }): Promise<Page<FindingView>> {
    const { id } = await this.find(request);
    const { limit, cursor, stream = null, kind = null } = request.query;
    const found = await listFindings(this.pool, { id, stream, kind, limit, after: numberCursor(FINDINGS, cursor) });
    return pageOfResult(FINDINGS, found, ({ seq: _seq, key, columns, ...rest }) => ({
      ...rest,
      key: key === null ? null : { ...key },
      columns: [...columns],
    }));
  }

  private async find({ workspaceId, id }: Key): Promise<VerificationRow> {
    const row = await getVerification(this.pool, { id });
    if (row?.workspaceId !== workspaceId) throw new SluiceError('NOT_FOUND', { detail: 'there is no such verification' });
    return row;
  }

  private async view(row: VerificationRow): Promise<VerificationView> {
    const streams = await listVerificationStreams(this.pool, { id: row.id });
    const sum = streams.flatMap(({ found }) => Object.values(found)).reduce((total, n) => total + n, 0);
    return {
      id: row.id,
      sync_id: row.syncId,
      state: row.state,
      source: row.source,
      repair: row.repair,
      findings: sum,
      streams: streams.map(({ stream, error, ...rest }) => ({
        name: stream,
        ...rest,
        error: error === null ? null : errorView(error),
      })),
      error: row.error === null ? null : errorView(row.error),
      created_at: row.createdAt.toISOString(),
      finished_at: row.finishedAt?.toISOString() ?? null,
      workflow_id: row.workflowId,
    };
  }
}
