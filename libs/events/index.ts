export * from './store-event.js';
export * from './end-delivery.js';
export { openBody } from './event-body.js';
