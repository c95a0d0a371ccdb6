import { SluiceError } from '../../errors/index.js';

interface Parts {
  scheme: string;
  host: string;
  path: string;
  query: string | null;
}

/** RFC 3986, appendix B, without the fragment, which is never sent. */
function split(address: string): Parts {
  const [, scheme = '', host = '', path = '', query] =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(address) ?? [];
  return { scheme, host, path, query: query ?? null };
}

const write = ({ scheme, host, path, query }: Parts): string =>
  `${scheme}://${host}${path === '' || path.startsWith('/') ? path : `/${path}`}${query === null ? '' : `?${query}`}`;

/**
 * A requester's base and path, as Python's urljoin reads them with the base as a folder: a full address replaces the base, a path that begins
 * with a slash replaces its path, `.` and `..` are followed, and doubled slashes inside become one.
 */
export function joinAddress(base: string, path: string): string {
  if (path === '') return base;
  const folder = split(base.endsWith('/') ? base : `${base}/`);
  const target = split(path);
  if (target.scheme !== '' && target.scheme.toLowerCase() !== folder.scheme.toLowerCase()) return path;
  if (target.host !== '') return write({ ...target, scheme: folder.scheme });
  if (target.path === '') return write({ ...folder, query: target.query ?? folder.query });
  return write({ ...folder, path: resolvePath(folder.path, target.path), query: target.query });
}

function resolvePath(base: string, path: string): string {
  const folder = base.split('/').slice(0, -1);
  const all = path.startsWith('/') ? path.split('/') : [...folder, ...path.split('/')];
  const segments = all.filter((segment, index) => segment !== '' || index === 0 || index === all.length - 1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  if (last === '.' || last === '..') kept.push('');
  return kept.join('/') || '/';
}

/** Half of a surrogate pair cannot be written in UTF-8. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\uFFFD');

/** Parameters as a form writes them (a space is a plus sign). */
const encodePart = (text: string): string =>
  encodeURIComponent(wellFormed(text))
    .replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
export const encodePairs = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).join('&');

/** An address with parameters added, quoted as Python's requests does. Throws CONFIG_INVALID for what is no address. */
export function addressWith(address: string, pairs: readonly (readonly [string, string])[]): string {
  // Spaces at the end belong to the path; a URL parser would drop them.
  const begun = address.trimStart();
  const bare = begun.trimEnd();
  const trimmed = bare + begun.slice(bare.length).replaceAll(' ', '%20');
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SluiceError('CONFIG_INVALID', {
      detail: 'the requester’s address is no http(s) URL',
      details: { failure_type: 'config_error' },
    });
  const added = encodePairs(pairs);
  // Written by hand, since URLSearchParams would also rewrite what the address already holds.
  const own = split(trimmed).query ?? '';
  url.search = requote([own, added].filter((part) => part !== '').join('&'));
  url.hash = '';
  return url.href;
}

/** Undoes the quoting of characters that need none, and quotes those that do. */
function requote(query: string): string {
  const valid = !/%(?![0-9a-fA-F]{2})/.test(query);
  const plain = valid
    ? query.replaceAll(/%[0-9a-fA-F]{2}/g, (escape) => {
        const letter = String.fromCharCode(parseInt(escape.slice(1), 16));
        return /[A-Za-z0-9\-._~]/.test(letter) ? letter : escape;
      })
    : query;
  const allowed = valid ? /[^!#$%&'()*+,/:;=?@[\]~A-Za-z0-9\-._]/gu : /[^!#$&'()*+,/:;=?@[\]~A-Za-z0-9\-._]/gu;
  return plain.replaceAll(allowed, (letter) => (letter === '%' ? '%25' : encodeURIComponent(wellFormed(letter))));
}

/** The parameters that an address already holds: the first value of each name; those without a value do not count. */
export function parametersOf(address: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of (split(address).query ?? '').split('&')) {
    const at = part.indexOf('=');
    if (at < 0 || at === part.length - 1) continue;
    const name = decodePart(part.slice(0, at));
    if (!found.has(name)) found.set(name, decodePart(part.slice(at + 1)));
  }
  return found;
}

function decodePart(part: string): string {
  const spaced = part.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
