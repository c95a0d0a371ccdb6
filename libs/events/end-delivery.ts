import type { ErrorCode } from '../errors/index.js';
import { finishDelivery, getDelivery, lockEvent, refreshEventState, type Transaction } from '../store/index.js';

/** How a flow's run ended, for the event that it was about. The first end counts; of a run that no event started there is nothing to write. */
export async function endDelivery(
  tx: Transaction,
  request: { id: string; state: 'succeeded' | 'failed'; error?: ErrorCode },
): Promise<void> {
  const { id, state, error = null } = request;
  const delivery = await getDelivery(tx, { id });
  if (delivery === null) return;
  // First the event: of two deliveries that end at once the second sees what the first has written.
  await lockEvent(tx, { id: delivery.eventId });
  if (await finishDelivery(tx, { id, state, error })) await refreshEventState(tx, { id: delivery.eventId });
}
