import { SluiceError } from '../errors/index.js';

export interface Hop {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | undefined;
}

/** Headers that cannot hold a credential: all that another origin gets to see. Any other name may be a manifest's API key. */
const SAFE_HEADERS = new Set(['accept', 'accept-encoding', 'accept-language', 'content-type', 'user-agent', 'if-modified-since']);

/**
 * The request after a redirect, or null when the answer is none. As fetch does: 303, and POST with 301 or 302, become GET without a body.
 * Unlike fetch, another origin gets safe headers only, and never a body (it may hold a credential): EGRESS_REFUSED.
 */
export function followRedirect(hop: Hop, answer: { status: number; location: string | undefined }): Hop | null {
  const { status, location } = answer;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return null;
  if (!URL.canParse(location, hop.url.href))
    throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `${hop.method} ${hop.url.host} redirects to no address` });
  const url = new URL(location, hop.url);
  url.hash = '';
  const toGet = (status === 303 && hop.method !== 'HEAD') || (status < 303 && hop.method === 'POST');
  const method = toGet ? 'GET' : hop.method;
  const body = toGet ? undefined : hop.body;
  const crossing = url.origin !== hop.url.origin;
  if (crossing && body !== undefined)
    throw new SluiceError('EGRESS_REFUSED', { detail: `${hop.url.host} redirects a request with a body to another host` });
  const kept = Object.entries(hop.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return (!crossing || SAFE_HEADERS.has(lower)) && !(toGet && lower.startsWith('content-'));
  });
  return { url, method, headers: Object.fromEntries(kept), body };
}
