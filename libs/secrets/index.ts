export * from './secret-box.js';
export * from './sealed-text.js';
export * from './api-key.js';
export * from './config-secrets.js';
