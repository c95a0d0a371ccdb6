import type { RunState } from './run-state.js';

export interface StartedRun {
  runId: string;
  state: RunState;
}

/** What may be done to runs, for REST, schedules and flows alike. Errors: NOT_FOUND, RUN_ACTIVE (details.run), RUN_NOT_ACTIVE, TEMPORAL_UNAVAILABLE. */
export interface RunControl {
  /** Creates the run and starts its workflow; with Temporal down nothing is left active. */
  start(request: {
    workspaceId: string;
    syncId: string;
    trigger: 'api' | 'schedule' | 'retry';
    lane?: string;
    resets?: readonly string[];
    /** Default: all of the sync. */
    streams?: readonly string[] | null;
    scheduledFor?: Date;
  }): Promise<StartedRun>;
  cancel(request: { workspaceId: string; runId: string }): Promise<StartedRun>;
  pause(request: { workspaceId: string; runId: string }): Promise<StartedRun>;
  resume(request: { workspaceId: string; runId: string }): Promise<StartedRun>;
  /** A new run of the same sync and lane, for a run that ended without success. */
  retry(request: { workspaceId: string; runId: string }): Promise<StartedRun>;
}
