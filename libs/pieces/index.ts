export { startOf } from './start-of.js';
export { through } from './through.js';
