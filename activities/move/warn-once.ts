import { addRunStreamWarnings, type Pool } from '../../libs/store/index.js';
import type { ChunkMoverRequest } from './mover-request.js';

/** Shows what a source says of a stream with the run; what was said before is dropped without a call. */
export function warnOnce(pool: Pool, key: { runId: string; stream: string }): ChunkMoverRequest['warn'] {
  const told = new Set<string>();
  return async (words) => {
    const warnings = words.filter((one) => !told.has(one));
    if (warnings.length === 0) return;
    await addRunStreamWarnings(pool, { ...key, warnings });
    for (const one of warnings) told.add(one);
  };
}
