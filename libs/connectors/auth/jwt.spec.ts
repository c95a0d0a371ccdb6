import { createHmac, createPublicKey, constants, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compileAuthenticator, scopeFor } from '../../../test/support/connectors/compile-authenticator.js';
import { jwt, type SignedToken } from './jwt.component.js';

const NOW_S = 1_717_200_000;

const signer = (fields: object): SignedToken => compileAuthenticator([jwt], { type: 'JwtAuthenticator', ...fields });

function parts(token: string) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const read = (segment: string): unknown => JSON.parse(Buffer.from(segment, 'base64url').toString());
  return {
    input: Buffer.from(`${header}.${payload}`),
    header: read(header),
    payload: read(payload),
    signature: Buffer.from(signature, 'base64url'),
  };
}

const pem = (key: KeyObject, passphrase?: string): string =>
  key
    .export({ type: 'pkcs8', format: 'pem', ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }) })
    .toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const P1363 = { dsaEncoding: 'ieee-p1363' as const };
const ASYMMETRIC: [string, string | null, { privateKey: KeyObject; publicKey: KeyObject }, object, number | null][] = [
  ['RS256', 'sha256', rsa, {}, null],
  ['RS384', 'sha384', rsa, {}, null],
  ['RS512', 'sha512', rsa, {}, null],
  ['PS256', 'sha256', rsa, PSS, null],
  ['PS384', 'sha384', rsa, PSS, null],
  ['PS512', 'sha512', rsa, PSS, null],
  ['ES256', 'sha256', curve('prime256v1'), P1363, 64],
  ['ES256K', 'sha256', curve('secp256k1'), P1363, 64],
  ['ES384', 'sha384', curve('secp384r1'), P1363, 96],
  ['ES512', 'sha512', curve('secp521r1'), P1363, 132],
  ['EdDSA', null, generateKeyPairSync('ed25519'), {}, 64],
];

describe('a JWT', () => {
  it.each(ASYMMETRIC)('is signed with %s as its public key proves', (algorithm, hash, keys, options, length) => {
    const token = signer({ algorithm, secret_key: "{{ config['key'] }}" }).token(scopeFor({ key: pem(keys.privateKey) }));
    const { input, header, signature } = parts(token);
    expect(header).toEqual({ typ: 'JWT', alg: algorithm });
    expect(verify(hash, input, { key: keys.publicKey, ...options }, signature)).toBe(true);
    if (length !== null) expect(signature).toHaveLength(length);
  });

  it.each([
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('is signed with %s and a shared secret, encoded first where asked', (algorithm, hash) => {
    for (const encode of [false, true]) {
      const token = signer({ algorithm, secret_key: 'shhh', base64_encode_secret_key: encode }).token(scopeFor({}));
      const { input, signature } = parts(token);
      const secret = encode ? Buffer.from('shhh').toString('base64') : 'shhh';
      expect(signature).toEqual(createHmac(hash, secret).update(input).digest());
    }
  });

  it('holds the claims, headers and times that the manifest asks for, and text where ids are digits', () => {
    const token = signer({
      algorithm: 'HS256',
      secret_key: 'k',
      token_duration: 300,
      header_prefix: 'Bearer',
      jwt_headers: { kid: "{{ config['kid'] }}", typ: 'JWT', cty: 'json' },
      additional_jwt_headers: { "{{ config['name'] }}": 'v' },
      jwt_payload: { iss: "{{ config['client'] }}", sub: 'me', aud: "{{ ['a', 'b'] }}" },
      additional_jwt_payload: { scope: 'read', n: '7', f: '1.5', big: '{{ 9007199254740993 }}', nested: { a: 1 } },
    }).token(scopeFor({ kid: '00042', client: '12345', name: 'x-a' }));
    expect(token).toMatch(/^Bearer ey/);
    const { header, payload, input } = parts(token.slice('Bearer '.length));
    expect(header).toEqual({ typ: 'JWT', alg: 'HS256', 'x-a': 'v', kid: '00042', cty: 'json' });
    expect(payload).toEqual({
      ...{ scope: 'read', n: 7, f: 1.5, big: expect.any(Number), nested: { a: 1 } },
      ...{ iss: '12345', sub: 'me', aud: ['a', 'b'], iat: NOW_S, exp: NOW_S + 300, nbf: NOW_S },
    });
    expect(Buffer.from(input.toString().split('.')[1] ?? '', 'base64url').toString()).toContain('9007199254740993');
  });

  it('lives 20 minutes where the manifest does not say', () => {
    const { payload } = parts(signer({ algorithm: 'HS256', secret_key: 'k' }).token(scopeFor({})));
    expect(payload).toEqual({ iat: NOW_S, exp: NOW_S + 1_200, nbf: NOW_S });
  });

  it('reads a key out of a service account’s JSON, with a passphrase, and with line ends that were escaped', () => {
    const account = JSON.stringify({ private_key: pem(rsa.privateKey), client_email: 'bot@example.com' });
    const fields = {
      algorithm: 'RS256',
      secret_key: "{{ json_loads(config['account'])['private_key'] }}",
      jwt_payload: { iss: "{{ json_loads(config['account'])['client_email'] }}" },
    };
    const { input, payload, signature } = parts(signer(fields).token(scopeFor({ account })));
    expect(payload).toMatchObject({ iss: 'bot@example.com' });
    expect(verify('sha256', input, rsa.publicKey, signature)).toBe(true);

    const locked = { algorithm: 'RS256', secret_key: "{{ config['key'] }}", passphrase: "{{ config['pass'] }}" };
    const config = { key: pem(rsa.privateKey, 'open sesame').replaceAll('\n', '\\n'), pass: 'open sesame' };
    const unlocked = parts(signer(locked).token(scopeFor(config)));
    expect(
      verify(
        'sha256',
        unlocked.input,
        createPublicKey(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
        unlocked.signature,
      ),
    ).toBe(true);
  });

  it('refuses a key that does not fit without quoting it, and reserved names', () => {
    expect(() => signer({ algorithm: 'RS256', secret_key: 'TOPSECRET' }).token(scopeFor({}))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('TOPSECRET') as unknown }),
    );
    const taken = signer({ algorithm: 'HS256', secret_key: 'k', additional_jwt_payload: { exp: 1 } });
    expect(() => taken.token(scopeFor({}))).toThrow('reserved');
  });
});
