/** What Nest injects; each stands for an interface or a foreign class. */
export const CONFIG = Symbol('ApiEnv');
export const POOL = Symbol('Pool');
/** A pool for what providers send, whatever else this process has to do. */
export const INTAKE_POOL = Symbol('IntakePool');
/** The same, its statements prepared. */
export const INTAKE = Symbol('Intake');
export const SECRETS = Symbol('SecretBox');
export const CATALOG = Symbol('ConnectorCatalog');
export const OPENER = Symbol('ConnectionOpener');
export const RUN_CONTROL = Symbol('RunControl');
export const TEMPORAL = Symbol('TemporalClient');
export const EGRESS = Symbol('Egress');
export const LOGGER = Symbol('Logger');
export const TRACING = Symbol('Tracing');
