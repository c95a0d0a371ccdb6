export const LOGGER = Symbol('Logger');
export const TRACING = Symbol('Tracing');
export const CATALOG = Symbol('ConnectorCatalog');
