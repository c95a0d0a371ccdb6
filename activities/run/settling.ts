import type { Settle, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { Source } from '../../libs/contracts/source.port.js';
import { isIncremental } from '../../libs/runs/stream-target.js';

/** How a source makes the state of completed slices. `plannedAt`: when the plan was made that is complete now; null: none is. */
export function settling(
  source: Source,
  { stream, target, plannedAt }: { stream: string; target: StreamTarget; plannedAt: Date | null },
): Settle {
  return async (state, completed) => {
    const now = new Date();
    const begun = plannedAt ?? now;
    const progress = source.progress({ stream, state, incremental: isIncremental(target), now: begun.toISOString() });
    let any = false;
    for await (const { slice, position } of completed) {
      progress.add(slice, position);
      any = true;
    }
    if (!any && plannedAt === null) return state;
    return progress.state({ whole: plannedAt !== null, seconds: (now.getTime() - begun.getTime()) / 1_000 });
  };
}
