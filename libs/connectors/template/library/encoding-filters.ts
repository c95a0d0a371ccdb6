import { createHash, createHmac } from 'node:crypto';
import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import { entriesOf, isIterable, isMapping, str, truthy, typeName, PyBytes } from '../values.js';
import { filter, text, type Filter } from './arguments.js';
import { unpackPairs } from './loop.js';
import { pythonRegex } from './python-regex.js';
import { decodeUtf8 } from './text-methods.js';

/** Python's names of digests, and ours. */
const HASHES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    md5: 'md5',
    sha1: 'sha1',
    sha224: 'sha224',
    sha256: 'sha256',
    sha384: 'sha384',
    sha512: 'sha512',
    sha3_224: 'sha3-224',
    sha3_256: 'sha3-256',
    sha3_384: 'sha3-384',
    sha3_512: 'sha3-512',
    blake2b: 'blake2b512',
    blake2s: 'blake2s256',
  }),
);

/** What these filters call a method of text on: Python's AttributeError for anything else. */
function encodable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) throw new TemplateError('encoding of a missing value', 'undefined');
  throw new TemplateError(`'${typeName(value)}' object has no attribute 'encode'`, 'value', 'AttributeError');
}

function hash(value: unknown, [type = 'md5', salt]: unknown[]): string {
  const algorithm = HASHES.get(text(type));
  if (algorithm === undefined) throw new TemplateError('No hashing function of that name', 'value', 'AttributeError');
  const made = createHash(algorithm).update(str(value));
  return (truthy(salt) ? made.update(str(salt)) : made).digest('hex');
}

function keyedHash(value: unknown, [key, type = 'sha256']: unknown[]): string {
  if (type !== 'sha256') throw new TemplateError('hmac() allows sha256 only');
  return createHmac('sha256', str(key)).update(str(value)).digest('hex');
}

/** Python's lenient reading: what is no letter of the alphabet is skipped, missing padding raises. */
function fromBase64(value: string): string {
  let [data, pads] = ['', 0];
  for (const letter of value) {
    if (letter === '=') {
      pads++;
      if (data.length % 4 >= 2 && (data.length % 4) + pads >= 4) return decodeUtf8(Buffer.from(data, 'base64'));
    } else if (/[A-Za-z0-9+/]/.test(letter)) {
      data += letter;
      pads = 0;
    }
  }
  if (data.length % 4 !== 0) throw new TemplateError('Incorrect padding', 'value', 'Error');
  return decodeUtf8(Buffer.from(data, 'base64'));
}

/** Python's urllib quote: `safe` letters stay as they are. */
export function quoteUrl(value: string, safe: string): string {
  spend(value.length);
  // By way of bytes, so that half a surrogate pair does not raise.
  return encodeURIComponent(Buffer.from(value).toString())
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%[\dA-F]{2}/g, (code) => (safe.includes(decodeByte(code)) ? decodeByte(code) : code));
}

const decodeByte = (code: string): string => {
  const byte = parseInt(code.slice(1), 16);
  return byte < 0x80 ? String.fromCharCode(byte) : code;
};

const formPart = (value: unknown): string =>
  quoteUrl(value instanceof PyBytes ? decodeUtf8(value.bytes) : plain(value), ' ').replaceAll(' ', '+');
const plain = (value: unknown): string => (typeof value === 'string' ? value : str(value));

function urlEncode(value: unknown): string {
  if (typeof value === 'string' || !isIterable(value)) return quoteUrl(plain(value), '/');
  const pairs = isMapping(value) ? entriesOf(value) : unpackPairs(value);
  return pairs.map(([key, item]) => `${formPart(key)}=${formPart(item)}`).join('&');
}

export const ENCODING_FILTERS: Readonly<Record<string, Filter>> = {
  hash: filter('hash_type, salt', hash),
  hmac: filter('key!, hash_type', keyedHash),
  base64encode: filter('', (value) => Buffer.from(encodable(value)).toString('base64')),
  base64decode: filter('', (value) => fromBase64(encodable(value))),
  // The name says otherwise, but Airbyte's filter encodes.
  base64binascii_decode: filter('', (value) => {
    if (!/^\p{ASCII}*$/u.test(encodable(value))) throw new TemplateError('a letter is not ASCII', 'value', 'UnicodeEncodeError');
    return Buffer.from(encodable(value)).toString('base64');
  }),
  urlencode: filter('', urlEncode),
  regex_search: filter('regex!', (value, [pattern]) => {
    const regex = pythonRegex(text(pattern));
    const match = regex.search(text(value), 0);
    if (match === null || regex.groups === 0) return '';
    return match.group(1) ?? null;
  }),
  regex_replace: filter('regex!, replacement!', (value, [pattern, replacement]) =>
    pythonRegex(text(pattern)).replace(text(value), text(replacement)),
  ),
};
