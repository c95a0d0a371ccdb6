export { ident, jsonLiteral, literal, qualified } from '../../postgres/index.js';
