/** Which copy of which stream a writer speaks for. `epoch` grows with every run of the sync and lane; an older one is refused. */
export interface StreamRef {
  installation: string;
  syncId: string;
  stream: string;
  lane: string;
  runId: string;
  epoch: number;
}

/** A whole sync at the destination. */
export interface SyncRef {
  installation: string;
  syncId: string;
  epoch: number;
}
