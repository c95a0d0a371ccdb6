/** Types of the events that Sluice itself stores for flows. */
export const scheduleEventType = (flowId: string): string => `schedule.${flowId}`;
export const recordEventType = (record: { sync: string; stream: string; change: 'new' | 'changed' }): string =>
  `record.${record.change}.${record.sync}.${record.stream}`;
