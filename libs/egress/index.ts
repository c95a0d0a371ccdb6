export { EgressAllowList } from './allow-list.js';
export { Egress } from './egress.js';
