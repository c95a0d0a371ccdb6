export { connectLink, type Backend, type EgressCheck } from './link.js';
export { translatePgError, type PgErrorContext } from './pg-error.js';
export { CLEANUP_MS, PgSession } from './pg-session.js';
export { ident, jsonLiteral, literal, qualified } from './quote.js';
export { takeRawReads } from './raw-reads.js';
export { parseServerConfig, serverConfigProperties, serverConfigRequired, serverConfigSchema } from './server-config.js';
export { settleWithin } from './settle-within.js';
