/** Injection tokens of what activities work with. */
export const POOL = Symbol('control plane pool');
export const CONNECTION_OPENER = Symbol('ConnectionOpener');
export const SECRETS = Symbol('SecretBox');
export const SYNC_SETTINGS = Symbol('SyncSettings');
export const CHUNK_LIMITS = Symbol('ChunkLimits');
export const FLOW_PORTS = Symbol('FlowPorts');
export const ACTION_PORTS = Symbol('ActionPorts');
export const RUN_CONTROL = Symbol('RunControl');
