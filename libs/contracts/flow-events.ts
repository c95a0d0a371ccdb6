/** What Sluice itself tells flows: a run of a sync failed; a sync missed a time of its schedule; the provider refuses a connection's credentials. */
export const SYSTEM_EVENTS = ['sync.failed', 'sync.late', 'connection.needs_reauthorization'] as const;
export type SystemEvent = (typeof SYSTEM_EVENTS)[number];

/** Type of the event that Sluice itself stores for a time of a flow's schedule. */
export const scheduleEventType = (flowId: string): string => `schedule.${flowId}`;
