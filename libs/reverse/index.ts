export { ACTION_CAPABILITIES, ActionDestination } from './action-destination.js';
