import { ident } from '../../../postgres/index.js';

/** A key as a struct of texts. */
export const keyObject = (keys: readonly string[], alias: string): string =>
  `struct_pack(${keys.map((key) => `${ident(key)} := ${alias}.${ident(key)}::VARCHAR`).join(', ')})`;
