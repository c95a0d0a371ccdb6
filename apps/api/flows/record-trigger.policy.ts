import type { FlowDefinition } from '../../../libs/contracts/flow.schema.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import type { FieldError } from '../../../libs/errors/index.js';

const ALLOWED = 50;

/** Why a mode tells of no changes; undefined: it does. */
const SILENT: Partial<Record<SyncStream['mode'], string>> = {
  full_refresh_overwrite:
    'is loaded anew with each run, which does not tell which records changed: use incremental_upsert, with `deletes.missing` to read all of it',
  scd2: 'keeps versions of records, which are not records: use incremental_upsert beside it',
};

/** Whether runs of a sync can start a flow. `tells`: its destination tells of changes. Pure. */
export function recordTriggerErrors(
  { stream: name, changes }: NonNullable<FlowDefinition['on']['record']>,
  { streams, tells }: { streams: readonly SyncStream[]; tells: boolean },
): FieldError[] {
  if (!tells) return [{ path: '/on/record/sync', message: 'loads a destination that does not tell which records changed' }];
  const stream = streams.find((one) => one.name === name);
  if (stream === undefined)
    return [
      {
        ...{ path: '/on/record/stream', message: 'is not a stream of the sync', found: name },
        allowed: streams.slice(0, ALLOWED).map((one) => one.name),
      },
    ];
  const silent = SILENT[stream.mode];
  if (silent !== undefined) return [{ path: '/on/record/stream', message: silent, found: stream.mode }];
  if (stream.mode !== 'incremental_upsert' && !changes.includes('inserted'))
    return [{ path: '/on/record/changes', message: `never happen: ${stream.mode} only adds records`, allowed: ['inserted'] }];
  return [];
}
