import type { Counts, Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { setRunStreamCounts, type Db } from '../../libs/store/index.js';

/** Copies a stream's sums from the destination's ledger, where they exist, to the store, where the API shows them. `calls`: that were made for its pages since they were last told. */
export async function refreshCounts(db: Db, destination: Destination, ref: StreamRef, calls = 0): Promise<Counts> {
  const at = new Date();
  const counts = await destination.inspect({ ref });
  await setRunStreamCounts(db, { runId: ref.runId, stream: ref.stream, counts, at, calls });
  return counts;
}
