import type { SyncVersionView, SyncView } from '../../../libs/contracts/sync.schema.js';
import type { SyncRow, SyncVersionRow } from '../../../libs/store/index.js';
import { nextFireTimes } from '../../../libs/runs/fire-times.policy.js';

const NEXT_FIRE_TIMES = 5;

export function syncView(sync: SyncRow, version: SyncVersionRow, now: Date): SyncView {
  return {
    id: sync.id,
    name: sync.name,
    source_id: sync.sourceId,
    destination_id: sync.destinationId,
    version: sync.version,
    namespace: version.spec.namespace,
    streams: version.spec.streams,
    weight: version.spec.weight ?? 1,
    schedule: sync.schedule,
    next_fire_times: nextFireTimes(sync.schedule, now, NEXT_FIRE_TIMES).map((time) => time.toISOString()),
    late_since: sync.lateSince?.toISOString() ?? null,
    created_at: sync.createdAt.toISOString(),
    updated_at: sync.updatedAt.toISOString(),
  };
}

export function versionView(row: SyncVersionRow): SyncVersionView {
  return {
    version: row.version,
    hash: row.hash,
    namespace: row.spec.namespace,
    streams: row.spec.streams,
    weight: row.spec.weight ?? 1,
    resets: row.resets,
    created_at: row.createdAt.toISOString(),
  };
}
