import type { Counts } from '../../../libs/contracts/destination.port.js';
import type { RunCountsView, RunErrorView, RunLogEntryView, RunStreamView, RunView } from '../../../libs/contracts/run.schema.js';
import { errorEntry } from '../../../libs/errors/index.js';
import type { RunError, RunLogRow, RunRow, RunStreamRow, SliceCounts } from '../../../libs/store/index.js';

const COUNTED = [
  ...['read', 'inserted', 'updated', 'unchanged', 'superseded', 'deduplicated', 'deleted', 'filtered', 'quarantined'],
  ...['discarded', 'removed', 'bytes'],
  'chunks',
] as readonly (keyof Counts)[];

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Sums of counts that were read from ledgers; what was not read yet counts as nothing. Pure. */
export function sumCounts(counts: readonly (Counts | null)[]): Counts {
  const sum = (name: keyof Counts): number => counts.reduce((total, part) => total + (part?.[name] ?? 0), 0);
  return Object.fromEntries(COUNTED.map((name) => [name, sum(name)])) as unknown as Counts;
}

/** The four counts, with the parts of `loaded`. Pure. */
export function countsView(counts: Counts): RunCountsView {
  const { inserted, updated, unchanged, superseded, deduplicated, deleted } = counts;
  return {
    read: counts.read,
    loaded: inserted + updated + unchanged + superseded + deduplicated + deleted,
    filtered: counts.filtered,
    quarantined: counts.quarantined,
    details: { inserted, updated, unchanged, superseded, deduplicated, deleted },
    discarded_values: counts.discarded,
    removed: counts.removed,
    bytes: counts.bytes,
    chunks: counts.chunks,
  };
}

export interface RunViewInput {
  run: RunRow;
  streams: readonly RunStreamRow[];
  slices: readonly (SliceCounts & { stream: string })[];
  /** Address of Temporal's UI, and its namespace; undefined: no link. */
  temporalUi: string | undefined;
  namespace: string;
}

export function runView({ run, streams, slices, temporalUi, namespace }: RunViewInput): RunView {
  const times = streams.flatMap(({ countsAt }) => (countsAt === null ? [] : [countsAt.getTime()]));
  return {
    id: run.id,
    sync_id: run.syncId,
    sync_version: run.syncVersion,
    state: run.state,
    trigger: run.trigger,
    lane: run.lane,
    counts: countsView(sumCounts(streams.map(({ counts }) => counts))),
    counts_at: times.length === 0 ? null : new Date(Math.max(...times)).toISOString(),
    streams: streams.map((stream) =>
      streamView(
        stream,
        slices.find((count) => count.stream === stream.stream),
      ),
    ),
    waiting: run.waiting,
    error: run.error === null ? null : errorView(run.error),
    reset: run.resets,
    scheduled_for: iso(run.scheduledFor),
    created_at: run.createdAt.toISOString(),
    started_at: iso(run.startedAt),
    finished_at: iso(run.finishedAt),
    workflow_id: run.workflowId,
    temporal_url:
      temporalUi === undefined || run.firstExecutionId === null
        ? null
        : `${temporalUi.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(run.workflowId)}`,
  };
}

function streamView(row: RunStreamRow, slices: SliceCounts | undefined): RunStreamView {
  const { pending, claimed, done, failed } = slices ?? { pending: 0, claimed: 0, done: 0, failed: 0 };
  return {
    name: row.stream,
    state: row.state,
    counts: countsView(sumCounts([row.counts])),
    counts_at: iso(row.countsAt),
    slices: { planned: pending + claimed + done + failed, done, failed, complete: row.planComplete },
    warnings: row.warnings,
  };
}

export function errorView(error: RunError): RunErrorView {
  const entry = errorEntry(error.code);
  return {
    code: error.code,
    kind: entry.kind,
    title: entry.title,
    detail: error.detail ?? null,
    next: entry.next,
    stream: error.stream ?? null,
    errors: (error.errors ?? []).map(({ allowed, ...field }) => ({
      ...field,
      ...(allowed === undefined ? {} : { allowed: [...allowed] }),
    })),
    details: { ...error.details },
  };
}

export function logView(row: RunLogRow): RunLogEntryView {
  return {
    at: row.at.toISOString(),
    level: row.level,
    code: row.code,
    stream: row.stream,
    message: row.message,
    details: row.details,
  };
}
