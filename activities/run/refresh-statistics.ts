import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import { toSluiceError } from '../../libs/errors/index.js';
import { appendRunLog, type Db } from '../../libs/store/index.js';

/** The rows are there, complete and visible: that their statistics could not be refreshed is said, and fails nothing. */
export async function refreshStatistics(
  { pool, destination }: { pool: Db; destination: Pick<Destination, 'refreshStatistics'> },
  { ref, target }: { ref: StreamRef; target: StreamTarget },
): Promise<void> {
  const { runId, stream } = ref;
  try {
    await destination.refreshStatistics?.({ ref, target });
  } catch (error) {
    const { message, details } = toSluiceError(error);
    await appendRunLog(pool, {
      ...{ runId, level: 'warn', code: 'stream.statistics_stale', stream },
      message: `${stream}: the table's statistics could not be refreshed; queries may be slow until the server does it: ${message}`,
      details,
    });
  }
}
