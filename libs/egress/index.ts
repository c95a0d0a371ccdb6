export { EgressAllowList } from './allow-list.js';
export { Egress, type EgressOptions } from './egress.js';
export { createEgressGuard, type CheckedAddress, type EgressGuard } from './egress-guard.js';
