export { storeEvent, type IncomingEvent } from './store-event.js';
export { EventIntake } from './event-intake.js';
export * from './end-delivery.js';
export * from './system-events.js';
export * from './record-events.js';
export * from './replay-events.js';
export { openBody } from './event-body.js';
export { DELIVERIES_CHANNEL } from './delivery-feed.js';
export * from './delivery-relay.js';
