import {
  endActionRun,
  listEffects,
  lockLastEffect,
  reserveEffect,
  settleEffect,
  type RunError,
  type Transaction,
} from '../store/index.js';

/** Why a call of a flow's run that has ended is not made. */
export const ABANDONED: RunError = { code: 'RUN_CANCELLED', detail: 'the run of its flow has ended' };

/**
 * Ends a run that nobody wants any more, unless something was sent of which nobody knows what became: that is followed up. Whether it has ended by this.
 * In the transaction that says that it is not wanted: who is about to send waits for it, and sends only if it is rolled back.
 */
export async function dropAction(tx: Transaction, request: { id: string; error: RunError }): Promise<boolean> {
  const { id: runId, error } = request;
  for (;;) {
    const last = await lockLastEffect(tx, { runId });
    // A repeat with the same key finds out what became of the try before: without it nobody would know.
    if ((await listEffects(tx, { runId })).some((one) => one.state === 'superseded' && one.resolvedBy === 'key')) return false;
    const { attempt, state } = last ?? { attempt: 0, state: 'postponed' };
    if (state === 'reserved') {
      await settleEffect(tx, { runId, attempt, state: 'failed', status: null, resolvedBy: null });
      return endActionRun(tx, { id: runId, state: 'failed', error });
    }
    if (state !== 'postponed' && state !== 'superseded') return false;
    // The place of the next try is taken, so that its sender meets this transaction.
    await reserveEffect(tx, { runId, attempt: attempt + 1 });
  }
}
