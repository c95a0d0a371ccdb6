import {
  insertReplays,
  inTransaction,
  lockEvent,
  lockEvents,
  type EventFilter,
  type PageRequest,
  type Pool,
} from '../store/index.js';

/** One event once more, to the flows that are subscribed now; how many deliveries this makes. null: there is no such event. */
export function replayEvent(pool: Pool, request: { workspaceId: string; id: string }): Promise<number | null> {
  return inTransaction(pool, async (tx) => {
    const event = await lockEvent(tx, request);
    return event?.workspaceId === request.workspaceId ? insertReplays(tx, { eventIds: [event.id] }) : null;
  });
}

/** The events of a filter, oldest first, all or none of a page. */
export function replayEvents(
  pool: Pool,
  request: EventFilter & PageRequest,
): Promise<{ events: number; deliveries: number; next: number | null }> {
  return inTransaction(pool, async (tx) => {
    const { rows, next } = await lockEvents(tx, request);
    const deliveries = rows.length === 0 ? 0 : await insertReplays(tx, { eventIds: rows.map(({ id }) => id) });
    return { events: rows.length, deliveries, next };
  });
}
