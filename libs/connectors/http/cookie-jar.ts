import type { HttpResponse } from '../../contracts/http.port.js';
import { findHeader } from './find-header.js';
import type { FinishedRequest } from './request-draft.js';

interface Cookie {
  value: string;
  domain: string;
  /** Sent to the domain's own name only. */
  exact: boolean;
  path: string;
  secure: boolean;
  expiresMs: number;
}

const MAX_COOKIES = 200;

/** Cookies between the requests of one requester, as a session of Python's requests keeps them (RFC 6265; in memory only). */
export class CookieJar {
  private readonly cookies = new Map<string, Cookie>();

  constructor(private readonly now: () => number) {}

  keep(response: Pick<HttpResponse, 'headers' | 'url'>): void {
    const set = response.headers['set-cookie'];
    if (set === undefined || !URL.canParse(response.url)) return;
    const url = new URL(response.url);
    for (const line of Array.isArray(set) ? set : [set]) this.keepOne(line, url);
  }

  /** The request with what belongs to its address; a `Cookie` that the manifest sets stays as it is. */
  attach(request: FinishedRequest): FinishedRequest {
    if (this.cookies.size === 0 || findHeader(request.headers, 'Cookie') !== undefined) return request;
    const url = new URL(request.url);
    const nowMs = this.now();
    const fitting = [...this.cookies].filter(([, cookie]) => cookie.expiresMs > nowMs && belongs(cookie, url));
    if (fitting.length === 0) return request;
    const ordered = fitting.sort(([, a], [, b]) => b.path.length - a.path.length);
    const text = ordered.map(([key, { value }]) => `${key.slice(key.lastIndexOf(' ') + 1)}=${value}`).join('; ');
    return { ...request, headers: { ...request.headers, Cookie: text } };
  }

  private keepOne(line: string, url: URL): void {
    const [pair = '', ...attributes] = line.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at < 1 || name === '' || /\s/.test(name)) return;
    const said = new Map(attributes.map((attribute) => split(attribute)));
    const wanted = said.get('domain')?.replace(/^\./, '').toLowerCase() ?? '';
    // One host cannot set cookies for another, nor for a whole top-level domain.
    if (wanted !== '' && (!under(url.hostname, wanted) || !wanted.includes('.'))) return;
    const given = said.get('path') ?? '';
    const path = given.startsWith('/') ? given : url.pathname.replace(/\/[^/]*$/, '') || '/';
    const expiresMs = this.expiry(said);
    const domain = wanted === '' ? url.hostname : wanted;
    const key = `${domain} ${path} ${name}`;
    if (expiresMs <= this.now()) this.cookies.delete(key);
    else if (this.cookies.has(key) || this.cookies.size < MAX_COOKIES) {
      const value = pair.slice(at + 1).trim();
      this.cookies.set(key, { value, domain, exact: wanted === '', path, secure: said.has('secure'), expiresMs });
    }
  }

  private expiry(said: ReadonlyMap<string, string>): number {
    const age = Number(said.get('max-age') ?? NaN);
    if (Number.isFinite(age)) return this.now() + age * 1_000;
    const at = Date.parse(said.get('expires') ?? '');
    return Number.isNaN(at) ? Infinity : at;
  }
}

const under = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`);

function belongs({ domain, exact, path, secure }: Cookie, url: URL): boolean {
  if (exact ? url.hostname !== domain : !under(url.hostname, domain)) return false;
  if (secure && url.protocol !== 'https:') return false;
  return url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function split(attribute: string): [string, string] {
  const at = attribute.indexOf('=');
  return at < 0
    ? [attribute.trim().toLowerCase(), '']
    : [attribute.slice(0, at).trim().toLowerCase(), attribute.slice(at + 1).trim()];
}
