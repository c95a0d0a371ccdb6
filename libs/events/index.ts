export * from './store-event.js';
export * from './end-delivery.js';
export * from './replay-events.js';
export { openBody } from './event-body.js';

/** PostgreSQL notifies on it when there are deliveries to start. */
export const DELIVERIES_CHANNEL = 'sluice_deliveries';
