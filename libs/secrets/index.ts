export * from './secret-box.js';
export * from './api-key.js';
export * from './config-secrets.js';
