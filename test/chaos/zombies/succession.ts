import { isTerminal } from '../../../libs/contracts/run-state.js';
import { secondsSince, until } from '../wait.js';
import type { World } from '../world.js';
import type { Victim } from './freeze.js';

export interface Succession {
  /** From the freeze to the successor's claim: heartbeat timeout, and whatever the cluster needs. */
  takenOverSeconds: number;
  /** From the successor's claim to its first commit: how long it was blocked. */
  commitSeconds: number;
  /** Its fence. */
  fence: number;
}

/** Watched for longer than the bounds, to say by how much they were missed. */
const TAKEOVER_WITHIN_MS = 90_000;
const COMMIT_WITHIN_MS = 60_000;

/** Waits until another attempt than that with `oldFence` has claimed the slice and committed. */
export async function successorAtWork(
  { controlPlane, warehouse, sluice }: World,
  { runId, oldFence, frozenAt }: { runId: string; oldFence: number; frozenAt: number },
): Promise<Succession> {
  const fence = await until({
    what: 'a successor to claim the slice',
    withinMs: TAKEOVER_WITHIN_MS,
    probe: async () => {
      const claim = await controlPlane.lastClaim(runId);
      return claim > oldFence ? claim : undefined;
    },
  });
  const takenOverSeconds = secondsSince(frozenAt);
  const claimedAt = performance.now();
  await until({
    what: 'the successor to commit',
    withinMs: COMMIT_WITHIN_MS,
    probe: async () =>
      (await warehouse.ledger(runId)).some((line) => line.fence >= fence) || isTerminal((await sluice.run(runId)).state)
        ? true
        : undefined,
  });
  return { takenOverSeconds, commitSeconds: secondsSince(claimedAt), fence };
}

/** Waits for one more chunk (or the run's end): the successor goes on beside the zombie that is awake again. */
export async function goesOn({ warehouse, sluice }: World, { runId }: Victim): Promise<void> {
  const before = await warehouse.chunks(runId);
  await until({
    what: 'the successor to go on beside the zombie',
    withinMs: COMMIT_WITHIN_MS,
    probe: async () =>
      (await warehouse.chunks(runId)) > before || isTerminal((await sluice.run(runId)).state) ? true : undefined,
  });
}
