/** Waits for one run to end in this process. */
export interface EndWatch {
  /** Resolves when it did; it never rejects. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** What ends in this process is known here without asking Temporal: whoever writes a run's end tells those who wait for it. */
export class RunEnds {
  private readonly watching = new Map<string, Set<() => void>>();

  /** To be asked for before the run's workflow is started; who asks stops it. */
  watch(runId: string): EndWatch {
    let told = (): void => undefined;
    const ended = new Promise<void>((resolve) => (told = resolve));
    const watchers = this.watching.get(runId) ?? new Set();
    this.watching.set(runId, watchers.add(told));
    return {
      ended,
      stop: () => {
        watchers.delete(told);
        if (watchers.size === 0 && this.watching.get(runId) === watchers) this.watching.delete(runId);
      },
    };
  }

  tell(runId: string): void {
    for (const told of this.watching.get(runId) ?? []) told();
  }
}
