export * from './endpoint-secrets.js';
export { endpointUrlProblem } from './endpoint-url.js';
export * from './endpoint-relay.js';
