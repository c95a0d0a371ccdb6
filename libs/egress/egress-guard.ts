import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { SluiceError } from '../errors/index.js';
import { refusalOf } from './address-policy.js';
import type { EgressAllowList } from './allow-list.js';

export interface CheckedAddress {
  address: string;
  family: 4 | 6;
}

/** Resolves a name to all its addresses; injected in tests. */
export type Resolve = (hostname: string, options: LookupOptions) => Promise<LookupAddress[]>;

/** Decides which targets may be connected to. Errors: EGRESS_REFUSED; SOURCE_UNREACHABLE when a name does not resolve. */
export interface EgressGuard {
  /** Scheme, credentials and literal addresses of a URL; names are checked when they are resolved. */
  assertUrl(url: URL): void;
  /** For net.connect: resolves, and hands out checked addresses only, so that what was checked is what is connected to. */
  lookupFor(port: number): LookupFunction;
  /** For TCP clients with no lookup of their own: connect to the address returned, never to the name again. */
  assertHostAllowed(target: { host: string; port: number }): Promise<CheckedAddress>;
}

export function createEgressGuard(allow: EgressAllowList, resolve: Resolve = resolveAll): EgressGuard {
  const permitted = (host: string, port: number, address: string): boolean =>
    allow.has(host, port) || allow.has(address, port) || refusalOf(address) === null;

  const checked = async (host: string, port: number, options: LookupOptions): Promise<LookupAddress[]> => {
    const all = await resolve(host, options);
    const good = all.filter(({ address }) => permitted(host, port, address));
    const first = all[0];
    if (first === undefined) throw unresolved(host);
    if (good.length === 0) throw refused(`${host}:${port}`, refusalOf(first.address) ?? 'not allowed');
    return good;
  };

  return {
    assertUrl(url) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(url.protocol, 'only http and https are called');
      if (url.username !== '' || url.password !== '') throw refused(url.host, 'credentials in the address');
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(host) !== 0 && !permitted(host, portOf(url), host)) throw refused(url.host, refusalOf(host) ?? 'not allowed');
    },
    lookupFor(port) {
      return (hostname, options, callback) => {
        checked(hostname, port, options).then(
          (addresses) => {
            const [first] = addresses as [LookupAddress];
            if (options.all === true) callback(null, addresses);
            else callback(null, first.address, first.family);
          },
          (error: NodeJS.ErrnoException) => callback(error, '', 4),
        );
      };
    },
    async assertHostAllowed({ host, port }) {
      const name = host.replace(/^\[(.*)\]$/, '$1');
      if (name === '' || name.includes('/')) throw refused('a socket path', 'only TCP targets are connected to');
      const [first] = isIP(name) === 0 ? await checked(name, port, {}) : [{ address: name, family: isIP(name) }];
      if (first === undefined || !permitted(name, port, first.address))
        throw refused(`${name}:${port}`, refusalOf(first?.address ?? '') ?? 'not allowed');
      return { address: first.address, family: first.family === 6 ? 6 : 4 };
    },
  };
}

/** The port a URL leads to, its scheme's default when it names none. */
export const portOf = (url: URL): number => (url.port !== '' ? Number(url.port) : url.protocol === 'https:' ? 443 : 80);

function resolveAll(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(unresolved(hostname, error));
    });
  });
}

const refused = (target: string, reason: string): SluiceError =>
  new SluiceError('EGRESS_REFUSED', { detail: `${target} (${reason})`, details: { target, reason } });

const unresolved = (host: string, cause?: NodeJS.ErrnoException): SluiceError =>
  new SluiceError('SOURCE_UNREACHABLE', { detail: `the name ${host} does not resolve (${cause?.code ?? 'no address'})`, cause });
