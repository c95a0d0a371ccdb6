import type { Counts, Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { setRunStreamCounts, type Db } from '../../libs/store/index.js';

/** Copies a stream's sums from the destination's ledger, where they exist, to the store, where the API shows them. */
export async function refreshCounts(db: Db, destination: Destination, ref: StreamRef): Promise<Counts> {
  const at = new Date();
  const counts = await destination.inspect({ ref });
  await setRunStreamCounts(db, { runId: ref.runId, stream: ref.stream, counts, at });
  return counts;
}
