import { Context } from '@temporalio/activity';

/** A few times within the shortest timeout that production uses (10 s), so that one late beat does not cost the attempt. */
const BEAT_MS = 1_000;

/** Says on a timer that the activity is alive, whatever its work waits for; of a local one nobody asks. `details`: a hint for the next attempt and the UI. */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  // A local one lives as long as its workflow's task, which its worker keeps alive by itself.
  if (context.info.isLocal) return work();
  const timer = setInterval(() => context.heartbeat(details?.()), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
