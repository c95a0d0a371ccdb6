import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../errors/index.js';
import type { TemporalClient } from './temporal-client.js';

/** Between looks at the store while Temporal does not answer, or has no workflow that could: until the reconciler starts one. */
const LOOK_EVERY_MS = 250;

/**
 * A run of the store when its workflow has ended it, or as it is after `ms`. A Temporal that is away only makes the wait coarser. Throws NOT_FOUND where
 * `read` finds it no more.
 */
export async function awaitEnd<Run extends { workflowId: string }>(
  temporal: TemporalClient,
  run: Run,
  { ms, hasEnded, read }: { ms: number; hasEnded: (run: Run) => boolean; read: () => Promise<Run | null> },
): Promise<Run> {
  const until = performance.now() + ms;
  for (let row = run; ;) {
    const left = until - performance.now();
    if (hasEnded(row) || left <= 0) return row;
    await temporal
      .call((client) => client.workflow.getHandle(run.workflowId).result(), left)
      .catch(() => delay(Math.min(LOOK_EVERY_MS, Math.max(0, until - performance.now()))));
    const found = await read();
    if (found === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    row = found;
  }
}
