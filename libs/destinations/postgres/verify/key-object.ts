import { ident, literal } from '../quote.js';

/** A key as a JSON object of texts. */
export const keyObject = (keys: readonly string[], alias: string): string =>
  `jsonb_build_object(${keys.map((key) => `${literal(key)}, ${alias}.${ident(key)}::text`).join(', ')})`;
