/** What the demo reads of `GET /v1/runs/{id}`. */
export interface RunView {
  id: string;
  state: string;
  finished_at: string | null;
  streams: { name: string; counts: { read: number } | null }[];
  error: { code: string; title: string; detail?: string; next: string } | null;
}

export const isOver = (run: RunView): boolean => run.finished_at !== null;

/** As the destination's ledger says. */
export const rowsRead = (run: RunView): number => run.streams.reduce((sum, stream) => sum + (stream.counts?.read ?? 0), 0);
