import { Inject, Injectable } from '@nestjs/common';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import type { SyncSpec } from '../../../libs/contracts/sync-spec.schema.js';
import type { NewSync, SyncPatch, SyncVersionView, SyncView } from '../../../libs/contracts/sync.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  contentHash,
  findSync,
  getSyncVersion,
  insertSync,
  insertSyncVersion,
  inTransaction,
  isUniqueViolation,
  listRecordFlows,
  listSyncs,
  listSyncVersions,
  lockConnection,
  lockSync,
  updateSync,
  type Db,
  type Pool,
  type SyncRow,
  type SyncVersionRow,
  type Transaction,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { numberCursor, pageOfResult, pageOfRows } from '../http/cursor.js';
import { recordTriggerErrors } from '../flows/record-trigger.policy.js';
import { assertResets } from './sync-changes.policy.js';
import { SyncChecks } from './sync-checks.service.js';
import { syncView, versionView } from './sync-view.js';

const LIST = 'syncs';
const VERSIONS = 'versions';
/** How far back a stream that was taken out is remembered. */
const REMEMBERED_VERSIONS = 100;
interface Key {
  workspaceId: string;
  id: string;
}

/** Syncs and their versions. */
@Injectable()
export class SyncsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SyncChecks) private readonly checks: SyncChecks,
  ) {}

  async list(request: { workspaceId: string; query: PageQuery }): Promise<Page<SyncView>> {
    const { limit, cursor } = request.query;
    const result = await listSyncs(this.pool, { workspaceId: request.workspaceId, limit, after: numberCursor(LIST, cursor) });
    const views = await Promise.all(result.rows.map((row) => this.view(row)));
    return { data: views, next_cursor: pageOfResult(LIST, result, () => null).next_cursor };
  }

  async get(key: Key): Promise<SyncView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND. */
  async find(key: Key): Promise<SyncRow> {
    const row = await findSync(this.pool, key);
    if (row === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such sync' });
    return row;
  }

  async versions(request: Key & { query: PageQuery }): Promise<Page<SyncVersionView>> {
    const sync = await this.find(request);
    const { limit, cursor } = request.query;
    const rows = await listSyncVersions(this.pool, { syncId: sync.id, before: numberCursor(VERSIONS, cursor), limit });
    return pageOfRows(VERSIONS, { rows, limit, after: (row) => row.version, view: versionView });
  }

  /** Errors: those of SyncChecks, NAME_TAKEN. */
  async create(request: { workspaceId: string; body: NewSync }): Promise<SyncView> {
    const { workspaceId, body } = request;
    const ends = { workspaceId, sourceId: body.source_id, destinationId: body.destination_id };
    const spec = specOf(body.namespace, body.streams, body.weight);
    this.checks.assertSchedule(body.schedule);
    await this.checks.assertSpec(ends, spec);
    const sync = await inTransaction(this.pool, async (tx) => {
      for (const id of [ends.sourceId, ends.destinationId])
        if ((await lockConnection(tx, { workspaceId, id, strength: 'share' })) === null)
          throw new SluiceError('VERSION_CONFLICT', { detail: 'a connection of the sync was deleted meanwhile' });
      const row = await insertSync(tx, { ...ends, name: body.name, schedule: body.schedule });
      await insertSyncVersion(tx, { syncId: row.id, version: 1, hash: contentHash(spec), spec, resets: [] });
      return row;
    }).catch(nameTaken);
    return this.view(sync);
  }

  /** Errors: NOT_FOUND, VERSION_CONFLICT, those of SyncChecks, RESET_REQUIRED, NAME_TAKEN, IN_USE. */
  async patch(request: Key & { body: SyncPatch }): Promise<SyncView> {
    const { body } = request;
    const before = await this.find(request);
    if (body.version !== undefined && body.version !== before.version) throw versionConflict(before.version);
    this.checks.assertSchedule(body.schedule);
    const spec = await this.changedSpec(before, body);
    const sync = await inTransaction(this.pool, async (tx) => {
      const now = await lockSync(tx, request);
      if (now === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such sync' });
      // What was checked was checked against this version.
      if (now.version !== before.version) throw versionConflict(now.version);
      return this.store(tx, { now, body, spec });
    }).catch(nameTaken);
    return this.view(sync);
  }

  private async store(tx: Transaction, change: { now: SyncRow; body: SyncPatch; spec: SyncSpec | null }): Promise<SyncRow> {
    const { now, body, spec } = change;
    const version = spec === null ? now.version : now.version + 1;
    if (spec !== null) await assertHeard(tx, now.id, spec);
    if (spec !== null)
      await insertSyncVersion(tx, { syncId: now.id, version, hash: contentHash(spec), spec, resets: body.reset });
    const row = await updateSync(tx, {
      ...{ workspaceId: now.workspaceId, id: now.id, version },
      name: body.name ?? now.name,
      schedule: body.schedule === undefined ? now.schedule : body.schedule,
    });
    return row ?? now;
  }

  /** The specification of a new version, checked; null: nothing that is versioned changes. */
  private async changedSpec(sync: SyncRow, body: SyncPatch): Promise<SyncSpec | null> {
    const versions = await listSyncVersions(this.pool, { syncId: sync.id, before: null, limit: REMEMBERED_VERSIONS });
    const earlier = versions.map((version) => version.spec);
    const current = earlier[0];
    if (current === undefined) throw new SluiceError('INTERNAL', { detail: 'a sync without versions' });
    const next = specOf(body.namespace ?? current.namespace, body.streams ?? current.streams, body.weight ?? current.weight);
    if (contentHash(next) === contentHash(current) && body.reset.length === 0) return null;
    const catalog = await this.checks.assertSpec(sync, next);
    assertResets({ next, earlier, catalog, reset: body.reset });
    return next;
  }

  private async view(sync: SyncRow): Promise<SyncView> {
    return syncView(sync, await currentVersion(this.pool, sync), new Date());
  }
}

/** A weight of 1 is not written, so that saying it makes no other version. */
const specOf = (namespace: string, streams: SyncSpec['streams'], weight: number | undefined): SyncSpec => ({
  ...{ namespace, streams },
  ...(weight === undefined || weight === 1 ? {} : { weight }),
});

/** The version that a sync's next run works with. */
export async function currentVersion(db: Db, sync: SyncRow): Promise<SyncVersionRow> {
  const version = await getSyncVersion(db, { syncId: sync.id, version: sync.version });
  if (version === null) throw new SluiceError('INTERNAL', { detail: 'a sync without its current version' });
  return version;
}

/** Errors: IN_USE where a flow waits for records that runs of the changed sync would not tell of any more. */
async function assertHeard(tx: Transaction, syncId: string, { streams }: SyncSpec): Promise<void> {
  for (const { id, name, record } of await listRecordFlows(tx, { syncId })) {
    const [error] = recordTriggerErrors(record, { streams, tells: true });
    if (error !== undefined)
      throw new SluiceError('IN_USE', {
        detail: `the flow "${name}" (${id}) starts with records of the stream "${record.stream}", which ${error.message}`,
        details: { flows: id },
      });
  }
}

const versionConflict = (version: number): SluiceError =>
  new SluiceError('VERSION_CONFLICT', { detail: `the version is now ${version}`, details: { version } });

function nameTaken(error: unknown): never {
  if (isUniqueViolation(error, 'sync_name'))
    throw new SluiceError('NAME_TAKEN', { errors: [{ path: '/name', message: 'is taken' }] });
  throw error;
}
