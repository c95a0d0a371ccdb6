/** What became of a record in a sync's run. */
export const RECORD_CHANGES = ['inserted', 'updated', 'deleted'] as const;
export type RecordChangeKind = (typeof RECORD_CHANGES)[number];
export const recordEventType = (change: RecordChangeKind): string => `record.${change}`;
/** Subject of the events of a sync's stream. */
export const recordSubject = ({ syncId, stream }: { syncId: string; stream: string }): string => `${syncId}/${stream}`;

/**
 * What Sluice itself tells flows: a run of a sync failed; a sync missed a time of its schedule; the provider refuses a connection's credentials, or announces that something
 * of a connector will be retired; what it sends does not fit its schema any more.
 */
export const SYSTEM_EVENTS = [
  'sync.failed',
  'sync.late',
  'connection.needs_reauthorization',
  'connector.retirement_announced',
  'schema.drift',
] as const;
export type SystemEvent = (typeof SYSTEM_EVENTS)[number];

/** Type of the event that Sluice itself stores for a time of a flow's schedule. */
export const scheduleEventType = (flowId: string): string => `schedule.${flowId}`;
