import { createHmac, createPrivateKey, constants, sign, type KeyObject } from 'node:crypto';
import { stringifyJson } from '../../json/index.js';
import { toRecordValue } from '../records/record-value.js';

export const JWT_ALGORITHMS = [
  ...(['HS256', 'HS384', 'HS512'] as const),
  ...(['ES256', 'ES256K', 'ES384', 'ES512'] as const),
  ...(['RS256', 'RS384', 'RS512'] as const),
  ...(['PS256', 'PS384', 'PS512'] as const),
  'EdDSA',
] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

export interface JwtKey {
  /** A secret, or a private key in PEM. */
  text: string;
  passphrase: string | null;
}

const segment = (value: unknown): string => Buffer.from(stringifyJson(toRecordValue(value))).toString('base64url');

/** A signed token (RFC 7515, compact form). Throws node's own error where the key does not fit the algorithm: not to be shown. */
export function signJwt(token: { header: object; payload: object; algorithm: JwtAlgorithm; key: JwtKey }): string {
  const input = `${segment(token.header)}.${segment(token.payload)}`;
  return `${input}.${signature(Buffer.from(input), token).toString('base64url')}`;
}

function signature(input: Buffer, { algorithm, key }: { algorithm: JwtAlgorithm; key: JwtKey }): Buffer {
  const hash = `sha${/\d{3}/.exec(algorithm)?.[0] ?? ''}`;
  switch (algorithm) {
    case 'HS256':
    case 'HS384':
    case 'HS512':
      return createHmac(hash, key.text).update(input).digest();
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return sign(hash, input, privateKey(key));
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return sign(hash, input, {
        key: privateKey(key),
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case 'ES256':
    case 'ES256K':
    case 'ES384':
    case 'ES512':
      // RFC 7518: r and s side by side, not DER.
      return sign(hash, input, { key: privateKey(key), dsaEncoding: 'ieee-p1363' });
    case 'EdDSA':
      return sign(null, input, privateKey(key));
  }
}

/** Keys pasted from JSON often hold "\n" for their line ends. */
const privateKey = ({ text, passphrase }: JwtKey): KeyObject =>
  createPrivateKey({ key: text.replaceAll('\\n', '\n'), ...(passphrase === null ? {} : { passphrase }) });
