/** Type of the event that Sluice itself stores for a time of a flow's schedule. */
export const scheduleEventType = (flowId: string): string => `schedule.${flowId}`;
