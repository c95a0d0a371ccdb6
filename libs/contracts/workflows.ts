import type { ErrorCode } from '../errors/index.js';
import type {
  BeginRunInput,
  EndRunInput,
  FinishStreamInput,
  HoldSnapshotInput,
  MoveChunksInput,
  ReportRunInput,
  StartScheduledRunInput,
} from './activities.schema.js';

/** Task queue of syncs and their schedules. Actions have one of their own, so that a long load never delays a call. */
export const SYNC_TASK_QUEUE = 'sluice-syncs';

/** Of the activities that hold a snapshot: they do nothing, for hours, and must take no mover's slot. */
export const SNAPSHOT_TASK_QUEUE = 'sluice-snapshots';

export const syncWorkflowId = (runId: string): string => `sync-run-${runId}`;
export const scheduleId = (syncId: string): string => `sluice-schedule-${syncId}`;
/** Prefix of what a schedule starts; Temporal appends the time. */
export const scheduledSyncWorkflowId = (syncId: string): string => `sluice-scheduled-${syncId}`;

/** What the workflow needs of the worker's configuration; fixed for a run when it begins, so that replay sees the same. */
export interface SyncSettings {
  /** How long moveChunks works before it returns. Default 60,000. */
  windowMs: number;
  /** After so long without a heartbeat an attempt counts as dead. Default 10,000. */
  heartbeatTimeoutMs: number;
  /** Consecutive failures of a mover, without a commit in between, that it survives. Default 8: about a minute of an unreachable system. */
  failureBudget: number;
  /** Goes on in a new history after so many events; 0: when the server suggests it (about 4,000). */
  continueAfterEvents: number;
}

/** Why a step failed, as it is kept between windows and shown in the run. Safe words only. */
export interface StepError {
  code: ErrorCode;
  detail?: string;
  stream?: string;
  details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** One of the parallel loops over a stream's slices. */
export interface MoverProgress {
  /** `0`, `1`, … */
  id: string;
  /** How many activities were scheduled for it so far: part of the owner's token, so it never repeats. */
  attempt: number;
  /** Failures since its last commit. */
  failures: number;
  done: boolean;
}

export interface StreamProgress {
  name: string;
  state: 'open' | 'finished' | 'failed';
  movers: MoverProgress[];
  /** Records read so far, as the ledger said after the last window; for the eye only. */
  rows: number;
  error?: StepError;
  /** Absent: none is held. */
  snapshot?: SnapshotProgress;
}

/** The snapshot that the slices of a stream are read from. */
export interface SnapshotProgress {
  /** All slices must be read from the same one: a new one begins the stream anew. */
  bound: boolean;
  /** How many activities were scheduled to hold one. */
  holder: number;
  /** Of them, those that failed or were lost. */
  failures: number;
}

/** What a workflow hands to its continuation. Counts and names, never records. */
export interface SyncCarry {
  settings: SyncSettings;
  streams: StreamProgress[];
  paused: boolean;
  /** Windows in a row that brought nothing. */
  idleWindows: number;
}

export interface SyncWorkflowInput {
  runId: string;
  /** Absent at the beginning of a run. */
  carry?: SyncCarry;
}

export interface SyncWorkflowResult {
  /** How the run ended; `closed` when it had been closed before it began (by a reconciler, or a cancellation). */
  outcome: 'succeeded' | 'closed';
}

export interface ScheduledSyncWorkflowInput {
  workspaceId: string;
  syncId: string;
  overlap: 'skip' | 'wait';
}

export interface ScheduledSyncWorkflowResult {
  outcome: 'started' | 'skipped' | 'gone';
}

/** A query: StreamProgress[]. */
export const PROGRESS_QUERY = 'progress';

/** Answer of the updates `pause` and `resume`. */
export interface ControlAnswer {
  paused: boolean;
}

export const PAUSE_UPDATE = 'pause';
export const RESUME_UPDATE = 'resume';

/** A stream as a run begins with it. */
export interface OpenedStream {
  name: string;
  movers: number;
  /** One snapshot is to be held while its slices are read. */
  snapshot?: { bound: boolean };
}

export type BeginRunResult =
  | { status: 'ready'; settings: SyncSettings; streams: readonly OpenedStream[] }
  /** The run had ended already: nothing to do. */
  | { status: 'closed' };

export interface MoveChunksResult {
  /**
   * `more`: the window ended; `done`: no slice is left for this mover; `throttled`: nothing to do before `until`;
   * `drained`: cut short by a pause, a cancellation, or the shutdown of its worker.
   */
  status: 'more' | 'done' | 'throttled' | 'drained';
  /** Milliseconds since the epoch, with `throttled`. */
  until?: number;
  /** With `throttled`: another process has the destination, which can be loaded by one at a time. */
  held?: boolean;
  /** Chunks committed and slices completed by this attempt: its progress. */
  chunks: number;
  slices: number;
  /** Records of the stream's run in the ledger; null when it could not be asked. */
  rows: number | null;
}

/** Second detail of a moveChunks failure, and its heartbeat: what the attempt had achieved. */
export interface MoveProgress {
  chunks: number;
  slices: number;
}

export interface HoldSnapshotResult {
  /**
   * `complete`: every slice is; `ended`: it was asked to stop, or a newer holder is there; `lost`: the source ended it; `expired`: it was held for its longest time;
   * `refused`: the source gives none, and the slices are read without.
   */
  status: 'complete' | 'ended' | 'lost' | 'expired' | 'refused';
}

export interface FinishStreamResult {
  /**
   * `open`: slices are left: an attempt that was believed dead claimed one late, or what an earlier run had left was completed first and the
   * run's own plan begins now.
   */
  status: 'finished' | 'open';
  /** With `open`: how many movers the slices that are left are worth. */
  movers?: number;
  rows: number;
}

export interface StartScheduledRunResult {
  /** `active`: a run is active and the schedule waits for it; `gone`: the sync was deleted. */
  status: 'started' | 'skipped' | 'active' | 'gone';
}

/** What workflows may ask for. The worker binds it, from activities/registry. */
export interface SyncActivities {
  /** Pins and prepares everything; idempotent. */
  beginRun(input: BeginRunInput): Promise<BeginRunResult>;
  /** The one data activity. Failures carry MoveProgress as second detail. */
  moveChunks(input: MoveChunksInput): Promise<MoveChunksResult>;
  /** Holds one snapshot of the source for a stream's movers, until it is cancelled. */
  holdSnapshot(input: HoldSnapshotInput): Promise<HoldSnapshotResult>;
  /** Makes a complete stream visible; idempotent. */
  finishStream(input: FinishStreamInput): Promise<FinishStreamResult>;
  /** Writes the run's state; a state that may not follow is ignored. */
  reportRun(input: ReportRunInput): Promise<void>;
  /** Closes the run; idempotent. */
  endRun(input: EndRunInput): Promise<void>;
  startScheduledRun(input: StartScheduledRunInput): Promise<StartScheduledRunResult>;
}
