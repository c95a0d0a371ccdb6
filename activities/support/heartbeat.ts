import { Context } from '@temporalio/activity';

/** A few times within the shortest timeout that production uses (10 s), so that one late beat does not cost the attempt. */
const BEAT_MS = 1_000;

/** Says on a timer that the activity is alive, whatever its work waits for. `details`: a hint for the next attempt and the UI. */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details?.()), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
