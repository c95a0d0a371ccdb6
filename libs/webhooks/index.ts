export * from './webhook-model.js';
export * from './verify-signature.js';
export * from './rotating-secret.js';
export * from './webhook-secret.js';
export * from './read-event.js';
export * from './challenge.js';
