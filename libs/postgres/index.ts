export { connectLink, type Backend, type EgressCheck, type Link } from './link.js';
export { translatePgError, type PgErrorCodes, type PgErrorContext } from './pg-error.js';
export { CLEANUP_MS, PgSession } from './pg-session.js';
export { ident, jsonLiteral, literal, qualified } from './quote.js';
export {
  parseServerConfig,
  serverConfigProperties,
  serverConfigRequired,
  serverConfigSchema,
  type ServerConfig,
} from './server-config.js';
export { settleWithin } from './settle-within.js';
