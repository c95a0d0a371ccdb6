export * from './usage-meter.js';
export * from './summarise-usage.js';
