import { createHash } from 'node:crypto';
import type { JobSlots } from '../contracts/job-slots.port.js';
import { SluiceError } from '../errors/index.js';
import { freeJobSlot, holdJobSlot, isStoreUnavailable, takeJobSlot, type Db } from '../store/index.js';

/** A connection's job slots in the control plane, for all its workers. Who dies frees what it held when the time it was held for is over. */
export function storeJobSlots(db: Db, connectionId: string): JobSlots {
  const named = <Request extends { job: string }>(request: Request): Request & { connectionId: string } => ({
    ...request,
    connectionId,
    job: createHash('sha256').update(request.job).digest('hex'),
  });
  return {
    async take(request) {
      try {
        return await takeJobSlot(db, named(request));
      } catch (error) {
        throw isStoreUnavailable(error) ? new SluiceError('STORE_UNAVAILABLE', { cause: error }) : error;
      }
    },
    // A job that is under way is not given up because the control plane is away for a moment: the next look says it again.
    hold: (request) => holdJobSlot(db, named(request)).catch(unlessUnavailable),
    // What is not freed runs out.
    free: (request) => freeJobSlot(db, named(request)).catch(unlessUnavailable),
  };
}

function unlessUnavailable(error: unknown): void {
  if (!isStoreUnavailable(error)) throw error;
}
